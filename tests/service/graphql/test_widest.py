"""What the rules accept goes into every view, however wide it is: none stands still at it, and each can be rebuilt."""

import secrets
from typing import Any

import pytest

from domain.validation import LABEL_LENGTH, LIST_LENGTH, TEXT_LENGTH
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from service.event_store.mapper import decode
from service.settings import DatabaseUrls
from tests.service.graphql.api_client import served
from tests.service.graphql.scenario import Scenario, scenario

LEVELS = 7
EVERYTHING = (
    "query ($at: Position) { deploymentRequests(atLeast: $at) { totalCount } incidents(atLeast: $at) { totalCount }"
)


def noise(length: int) -> str:
    """That no compression makes shorter."""
    return secrets.token_hex(length)[:length]


def widest(here: Scenario) -> dict[str, Any]:
    """Below the world's region, as deep and as long as a region may be."""
    left = LABEL_LENGTH - len(here.name) - 1
    parts = [noise(left // LEVELS - 1) for _ in range(LEVELS)]
    return {
        "region": "/".join([here.name, *parts]),
        "marking": "RED",
        "recipients": [noise(LABEL_LENGTH) for _ in range(LIST_LENGTH)],
    }


@pytest.mark.parametrize("kind", ["request", "incident"])
def test_the_widest(database_urls: DatabaseUrls, kind: str) -> None:
    with served(database_urls) as register:
        here = scenario(register)
        if kind == "request":
            made = here.request(force=noise(LABEL_LENGTH), purpose=noise(TEXT_LENGTH), **widest(here))
        else:
            made = here.incident(kind=noise(LABEL_LENGTH), description=noise(TEXT_LENGTH), **widest(here))
        assert made["__typename"].endswith("Recorded"), made
        states = "projections { name state parked } situation(atLeast: $at) { region } }"
        found = here.ask(here.requester, f"{EVERYTHING} {states}")
        assert {(each["state"], each["parked"]) for each in found["projections"]} == {("RUNNING", 0)}
    for view in VIEWS:
        comparison = rebuild(view, database_urls.worker, decode).comparison
        assert comparison is not None
        assert comparison.differing == 0
