"""Random documents have the same answers, and disclose the same, whether they read what they select or everything."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest

from service.event_store.access_log import AUTHOR, Disclosure
from service.graphql.execution.access_record import Disclosures
from service.graphql.loaders.viewer_rows import ViewerRows
from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.compiled.documents import Writer
from tests.service.graphql.scenario import Scenario, scenario

NUMBER: Final = 120
SKIPPED: Final = frozenset({"changes", "totalCount", "pageInfo", "cursor"})
ROOTS: Final = ("deploymentRequests", "incidents", "auditTrail", "inbox")
CAUGHT_UP: Final = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } incidents(atLeast: $at) { totalCount }
    auditTrail(atLeast: $at, first: 1) { edges { node { type } } } situation(atLeast: $at) { region } }"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    """RED and other subjects, with deliberations, decisions and findings."""
    here = scenario(register)
    names = [here.requester.subject, here.reviewer.subject, here.approver.subject]
    secret = here.incident(marking="RED", recipients=names)["id"]
    here.on_incident(here.reviewer, "recordEvidence", secret, marking="AMBER_STRICT")
    here.on_incident(here.reviewer, "attributeIncident", secret)
    here.decided(incidents=[here.attributed()["id"], secret])
    request = here.request(marking="RED", recipients=names, incidents=[secret])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.approver, "assignDeploymentRequest", request, subject=here.reviewer.subject)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE", reason="why")
    here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[here.incident()["id"]])
    return here


@contextmanager
def disclosed() -> Iterator[list[Any]]:
    """What the answers disclose meanwhile."""
    found: list[Any] = []
    taken = Disclosures.taken

    def noted(self: Disclosures) -> Sequence[Disclosure]:
        all_of = taken(self)
        found.extend(
            (str(each.subject), each.marking, each.author and [getattr(each.author, name) for name in AUTHOR])
            for each in all_of
        )
        return all_of

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Disclosures, "taken", noted)
        yield found


def answer(here: Scenario, who: Person, document: str, variables: dict[str, Any]) -> tuple[Any, list[Any]]:
    with disclosed() as found:
        response = here.register.post(who, document, variables)
    return response.json(), found


def test_random_selections(here: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    query, disclosing = schema._schema.query_type, 0
    assert query is not None
    viewers = (here.reviewer, here.requester, here.outsider)
    for who in viewers:
        here.ask(who, CAUGHT_UP)
    for number in range(NUMBER):
        writer = Writer(
            schema._schema, random.Random(number), deepest=4, left=8, skipped=SKIPPED,
            arguments=frozenset({"first"}),
        )  # fmt: skip
        document, who = writer.operation("query", query, ROOTS), viewers[number % len(viewers)]
        partial = answer(here, who, document, writer.variables)
        with monkeypatch.context() as patch:
            patch.setattr(ViewerRows, "names_of", lambda *_: None)
            whole = answer(here, who, document, writer.variables)
        assert partial == whole, document
        disclosing += bool(partial[1])
    assert disclosing > NUMBER / 8
