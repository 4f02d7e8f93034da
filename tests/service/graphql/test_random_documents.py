"""Random documents over the served schema are compiled, and have the data that graphql-core makes: see `both_ways`."""

import random
import re

from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.compiled.documents import Writer
from tests.service.graphql.scenario import scenario

NUMBER = 400
ROOTS = ("viewer", "deploymentRequests", "incidents", "authorities", "situation", "auditTrail")
NEEDS_ARGUMENTS = frozenset({"changes"})


def test_random_documents(register: ApiClient) -> None:
    here = scenario(register)
    here.decided(incidents=[here.attributed()["id"]])
    before, query = _executed(register), schema._schema.query_type
    assert query is not None
    for number in range(NUMBER):
        chance = random.Random(number)
        writer = Writer(
            schema._schema, chance, deepest=4, left=20, skipped=NEEDS_ARGUMENTS, arguments=frozenset({"first"})
        )
        document = writer.operation("query", query, ROOTS)
        response = register.post(here.of("decider", "eve"), document, writer.variables)
        assert response.status_code == 200, document
        if errors := response.json().get("errors"):
            assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}, (document, errors)
    after = _executed(register)
    assert after["compiled"] - before["compiled"] > 0.9 * NUMBER
    assert after["reference"] - before["reference"] < 0.05 * NUMBER


def _executed(register: ApiClient) -> dict[str, float]:
    """Number of operations by executor."""
    found = re.findall(
        r'mandate_graphql_operations_total{executor="(\w+)"} (\S+)', register.client.get("/metrics").text
    )
    return {"compiled": 0.0, "reference": 0.0, **{name: float(number) for name, number in found}}
