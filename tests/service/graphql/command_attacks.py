"""Mutations that are meant to take a process away from everybody else."""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.service.graphql.api_client import Person
from tests.service.graphql.attacked import LONG, Served
from tests.service.graphql.scenario import ADMINISTRATOR

RESULTS: Final = {
    "remarkOnDeploymentRequest": "DeploymentRequestResult",
    "withholdDeploymentRequest": "DeploymentRequestResult",
    "submitDeploymentRequest": "DeploymentRequestResult",
    "registerAuthority": "AuthorityResult",
}


def texts(served: Served) -> httpx.Response:
    """Long remarks on one request, each answered with the whole request."""
    return _remarks(served, 40, LONG, "position events { type payload } deploymentRequest { purpose }")


def computed(served: Served) -> httpx.Response:
    """Remarks, each answered with what is computed of the request."""
    return _remarks(
        served,
        15,
        "EXERCISE",
        """deploymentRequest { availableActions history(first: 100) { edges { node { type payload } } }
           explanation { status actions { action rules { rule } } } }""",
    )


def _remarks(served: Served, number: int, reason: str, fields: str) -> httpx.Response:
    values = {"id": str(served.here.request()["id"]), "reason": reason}
    inner = f"... on DeploymentRequestRecorded {{ {fields} }}"
    return _many(served, "remarkOnDeploymentRequest", "RemarkOnDeploymentRequestInput", [values] * number, inner)


def refused(served: Served) -> httpx.Response:
    """Holds that await as many incidents as they may, none of which exists."""
    values = [{"id": str(uuid4()), "reason": LONG, "awaiting": [str(uuid4()) for _ in range(100)]} for _ in range(20)]
    inner = "... on Refusal { message }"
    return _many(served, "withholdDeploymentRequest", "WithholdDeploymentRequestInput", values, inner)


def wide(served: Served) -> httpx.Response:
    """Requests with as many incidents and recipients as they may have."""
    values = {
        "force": "Exercise Force",
        "strength": 60,
        "region": served.here.region,
        "purpose": LONG,
        "marking": "RED",
        "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
        "incidents": [str(served.here.incident()["id"]), *(str(uuid4()) for _ in range(98))],
        "recipients": [f"aa-{n}" for n in range(100)],
    }
    inner = "... on Refusal { message }"
    return _many(served, "submitDeploymentRequest", "SubmitDeploymentRequestInput", [values] * 20, inner)


def invalid(served: Served) -> httpx.Response:
    """Long names that are refused for a character at their end."""
    values = [{"code": "x" * 90_000, "name": "x" * 90_000 + "\u200b"}] * 20
    inner = "... on InvalidInput { fields { path message } }"
    return _many(served, "registerAuthority", "RegisterAuthorityInput", values, inner, ADMINISTRATOR)


def _many(
    served: Served, mutation: str, kind: str, inputs: list[dict[str, Any]], inner: str, who: Person | None = None
) -> httpx.Response:
    """The mutation with each input, in one document."""
    declared = ", ".join(f"$v{n}: {kind}!" for n in range(len(inputs)))
    fields = " ".join(f"a{n}: {mutation}(input: $v{n}) {{ ...F }}" for n in range(len(inputs)))
    document = f"mutation ({declared}) {{ {fields} }} fragment F on {RESULTS[mutation]} {{ __typename {inner} }}"
    variables = {f"v{n}": values for n, values in enumerate(inputs)}
    return served.post(who or served.attacker, json.dumps({"query": document, "variables": variables}).encode())


COMMAND_ATTACKS: Final[dict[str, Callable[[Served], httpx.Response]]] = {
    "40 long remarks": texts,
    "15 remarks with what is computed": computed,
    "20 holds on unknown requests": refused,
    "20 requests with 99 incidents": wide,
    "20 long names": invalid,
}
