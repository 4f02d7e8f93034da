"""Random requests of every path: nothing fails, and every answer is one that the description names.

TEST_PATHS: how many requests of each path.
"""

import os
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.rest.media import DOSSIERS, EXPORTS
from service.rest.paths import PATHS, ROOT
from tests.databases import Databases
from tests.service.graphql.api_client import served
from tests.service.rest.world import World, world

REQUESTS = int(os.environ.get("TEST_PATHS", "12"))
"""Of each path; in `make test` a few."""
ALL = [
    *(f"{ROOT}{each.path}" for each in PATHS),
    *(f"{ROOT}/requests/{{reference}}/dossier.{ending}" for ending in DOSSIERS),
    *(f"{ROOT}/export/{name}" for name in EXPORTS),
]
IMPATIENT = 0.2
"""Seconds that a query waits for a position that does not exist."""


@pytest.fixture(scope="module")
def impatient(databases: Databases) -> Iterator[World]:
    with databases.fresh() as urls, served(urls, view_timeout=IMPATIENT) as register:
        told = world(register)
        told.settle()
        yield told


@pytest.fixture(scope="module")
def described(impatient: World) -> Any:
    """The description, as a client reads it. Most requests name something that exists."""
    schema = schemathesis.openapi.from_url(f"{impatient.register.client.base_url}/api/openapi.json")
    names = (impatient.decided, impatient.decided_id, impatient.secret, impatient.incident)

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
        written = str((path_parameters or {}).get("reference", ""))
        chosen = crc32(written.encode("utf-8", "surrogatepass")) % 5
        named = {"reference": names[chosen]} if written and chosen < len(names) else {}
        return {**(path_parameters or {}), **named}

    return schema


def fails_nowhere(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A position that does not exist is waited for, and then answered with 503."""
    waited = "atLeast" in (case.query or {}) and response.status_code == 503
    assert response.status_code < 500 or (waited and response.json()["code"] == "VIEW_BEHIND"), response.text


CHECKS = [
    fails_nowhere, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", ALL)
def test_every_answer_is_described_and_none_is_a_failure(
    impatient: World, described: Any, path: str, mode: GenerationMode
) -> None:
    operation, headers = described[path]["GET"], impatient.register.headers(impatient.scene.reviewer)

    @settings(max_examples=REQUESTS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def each(case: Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    each()


def test_no_path_is_left_out(described: Any) -> None:
    assert {*described} == {*ALL}
