"""What a dossier and an explanation say of histories that were imported, and of what their readers may not see."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain.incident.referral import ReferIncident
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role, Subject, Text
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.exchange.dossier.builder import document
from service.exchange.dossier.document import Check, CheckList, CheckResult, DossierDocument, Subsection
from service.exchange.dossier.material_reader import MaterialReader
from service.exchange.visible_log.explanation import explain_request
from service.exchange.visible_log.scope import Scope, called, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.processes.composition import now
from service.settings import DatabaseUrls
from tests.service.exchange.dossier.pages import lines
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    CLERK,
    FOUNDED,
    REVIEWS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)

FINDS = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}
TELLS = {"subject": "pol", "authority": "police", "roles": ["REQUESTER"]}
POLICE = line(
    "police", "registerAuthority", "2017-01-01", {**CLERK, "authority": "police"}, {"code": "police", "name": "Police"}
)
REPORTED = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-01-31T00:00:00Z"}
REFERENCE = "lowland-2017-0001"
ANA = Actor(issuer="mandate", subject=Subject("ana"), authority=AuthorityCode("lowland"), roles=(Role.REQUESTER,))
REA = Actor(issuer="mandate", subject=Subject("rea"), authority=AuthorityCode("upland"), roles=(Role.REVIEWER,))
IVO = Actor(issuer="mandate", subject=Subject("ivo"), authority=AuthorityCode("upland"), roles=(Role.INVESTIGATOR,))


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        register.takes(POLICE, *FOUNDED)
        yield register


def flood(actor: dict[str, Any] = TELLS, marking: str = "AMBER", **found: Any) -> Iterator[dict[str, Any]]:
    recipients = {"recipients": ["ivo"]} if marking == "RED" else {}
    yield line("flood", "reportIncident", "2017-02-01", actor, {**REPORTED, "marking": marking, **recipients})
    if found:
        finding = {"likelihood": "LIKELY", "confidence": "LOW", "basis": "EXERCISE", **found}
        yield line("flood", "attributeIncident", "2017-03-05", FINDS, finding)


def step(command: str, day: str, actor: dict[str, Any], **said: Any) -> dict[str, Any]:
    return line("patrol", command, day, actor, {**WHY, **said})


def withheld() -> Iterator[dict[str, Any]]:
    """The requester may not see what is awaited."""
    yield asked("patrol")
    yield step("beginReview", "2017-03-02", REVIEWS)
    yield step("withholdDeploymentRequest", "2017-03-03", REVIEWS, awaiting=["flood"])


def looked_at(register: Importer, actor: Actor, as_of: datetime | None = None) -> tuple[Scope, Visibility]:
    at = now()
    scope = scope_of(register.store, actor, at, as_of)
    visibility = Visibility(register.store, actor, at, scope.present)
    return replace(scope, subject=called(register.store, visibility, REFERENCE, scope.end)), visibility


def printed(register: Importer, actor: Actor = SYSTEM) -> DossierDocument:
    assert register.refused == []
    scope, visibility = looked_at(register, actor)
    return document(MaterialReader(register.store, scope, visibility).material(lambda persons: {}, "operator"))


def checks(made: DossierDocument) -> Iterator[Check]:
    parts = [part for section in made.sections for part in section.blocks if isinstance(part, Subsection)]
    for block in [block for part in parts for block in part.blocks]:
        if isinstance(block, CheckList):
            yield from block.checks


def test_how_far_a_finding_is_that_may_not_be_seen_is_not_reported(register: Importer) -> None:
    register.takes(*flood(responsibleParty="EXERCISE"), *withheld(), step("resumeReview", "2017-03-06", REVIEWS))
    awaited = [check for check in checks(printed(register, ANA)) if "awaits" in check.text]
    assert awaited == [Check(CheckResult.UNDISCLOSED, "The hold awaits a finding on an incident that you may not see.")]
    seen = [check.result for check in checks(printed(register)) if "finding on police-i-2017-0001" in check.text]
    assert seen == [CheckResult.MET, CheckResult.OPEN]


def test_an_explanation_as_of_then_shows_of_incidents_what_may_be_seen_now(register: Importer) -> None:
    register.takes(*flood(responsibleParty="EXERCISE"), *withheld())
    incident = next(each.stream for each in register.log if type(each.event).__name__ == "IncidentReported")
    then = register.log[-1].recorded_at
    scope, visibility = looked_at(register, ANA, then)
    assert awaited(register, scope, visibility) == {"The hold awaits a finding on an incident that you may not see."}

    dispatcher = Dispatcher(register.store, StateCache(register.store), StreamLocks(20), now)
    referred = ReferIncident(authority=AuthorityCode("lowland"), reason=Text("EXERCISE"))
    order = CommandEnvelope(command=referred, actor=IVO, subject=incident)
    assert isinstance(asyncio.run(dispatcher.dispatch(order)), CommandResult)
    scope, visibility = looked_at(register, ANA, then)
    assert {description.partition(":")[0] for description in awaited(register, scope, visibility)} == {
        "Likelihood of the finding on police-i-2017-0001",
        "Confidence in the finding on police-i-2017-0001",
    }


def awaited(register: Importer, scope: Scope, visibility: Visibility) -> set[str]:
    outlooks = explain_request(register.store, scope, visibility).outlooks
    return {verdict.description for each in outlooks for verdict in each.verdicts if verdict.rule.startswith("HOLD")}


def test_a_ground_without_a_party_is_distinguished_from_an_erased_one(register: Importer) -> None:
    register.takes(
        *flood(ASKS, likelihood="LIKELY"),
        asked("patrol", incidents=["flood"]),
        step("beginReview", "2017-03-02", REVIEWS),
        step("denyDeploymentRequest", "2017-03-06", APPROVES),
    )
    text = list(lines(printed(register)))
    assert "it cannot be determined" in text
    assert "(erased)" not in text


@pytest.mark.parametrize("force", ["1244 Company Z", "2024-11-29T18:00:00Z"])
def test_a_name_that_looks_like_a_time_is_a_name(register: Importer, force: str) -> None:
    register.takes(asked("patrol"), step("amendDeploymentRequest", "2017-03-02", ASKS, force=force))
    assert f"force: river guard → {force}" in list(lines(printed(register)))


def test_an_incident_that_is_dropped_is_reported_as_that_one(register: Importer) -> None:
    fire = line("fire", "reportIncident", "2017-02-01", ASKS, {**REPORTED, "kind": "fire"})
    amended = step("amendDeploymentRequest", "2017-03-02", ASKS, incidents=["fire"])
    register.takes(*flood(ASKS, "RED"), fire, asked("patrol", incidents=["flood", "fire"]), amended)
    text = list(lines(printed(register, ANA)))
    assert "incidents: lowland-i-2017-0001 and lowland-i-2017-0002 → lowland-i-2017-0002" in text
    text = list(lines(printed(register, REA)))
    assert "incidents: what may not be shown here" in text
    assert text[text.index("Rests on") :][1:2] == ["lowland-i-2017-0002"]
    assert "and what may not be shown here" not in text
