"""An incident is reported, and evidence on it is recorded."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import uuid5

import pytest

from domain.incident import commands as c
from domain.incident.events import (
    EvidenceRecorded,
    IncidentReported,
)
from domain.incident.state import AttributionStatus
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import (
    SYSTEM,
    AuthorityCode,
    InformationCredibility,
    Label,
    Latitude,
    Location,
    Longitude,
    Marking,
    Region,
    Role,
    Sha256,
    SourceReliability,
    Subject,
    Text,
)
from tests.domain.case import (
    CANAL,
    KFOR,
    NOWHERE,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    THIRD,
    evidence,
    incident,
    mandate,
    person,
    requester,
    reviewer,
)
from tests.specification import NOW, given

OPEN, ATTRIBUTED, INCONCLUSIVE = AttributionStatus
REPORT = c.ReportIncident(
    kind=Label("explosion"),
    description=Text("A water canal is damaged."),
    region=PLACE,
    occurred_at=datetime(2024, 11, 29, 17, tzinfo=UTC),
)
RECORD = c.RecordEvidence(
    summary=Text("EXERCISE: a fragment"),
    source_reliability=SourceReliability.B,
    information_credibility=InformationCredibility.TWO,
)


def test_an_incident_is_reported_and_knows_whose_mandate_covered_its_place() -> None:
    nearer = mandate(Region("xk/north"), of=THIRD)
    reported = replace(incident().event, covered_by=(THIRD, KFOR))
    state = given(*REGISTERED, mandate(), nearer).when(REPORT, by=requester).then(reported)
    assert (state.status, state.attribution, state.reported_at, state.reported_by) == (OPEN, None, NOW, requester)


def test_it_may_be_reported_anywhere() -> None:
    where = Location(latitude=Latitude(42.9), longitude=Longitude(20.7), description=Text("At the bridge."))
    command = replace(REPORT, region=Region("zz"), location=where, marking=Marking.RED, recipients=(Subject("x"),) * 2)
    expected = replace(
        incident().event,
        region=Region("zz"),
        location=where,
        marking=Marking.RED,
        recipients=(Subject("x"),),
        covered_by=(),
    )
    assert given(*REGISTERED).when(command, by=requester).then(expected).location == where


def test_an_authority_that_holds_two_mandates_on_the_path_is_reported_once() -> None:
    event: IncidentReported = incident().event
    assert given(*REGISTERED, mandate(), mandate(PLACE)).when(REPORT, by=requester).then(event).covered_by == (KFOR,)


@pytest.mark.parametrize("role", Role)
def test_those_who_report(role: Role) -> None:
    when = given(*REGISTERED, mandate()).when(REPORT, by=person("x", PRISTINA, role))
    if role in {Role.REQUESTER, Role.REVIEWER, Role.INVESTIGATOR}:
        when.then(incident().event)
    else:
        when.refused(NotPermitted, "This takes a requester, reviewer or investigator of a registered authority.")


def test_only_registered_authorities_report() -> None:
    unknown = person("x", AuthorityCode("unknown"), Role.REQUESTER)
    given(*REGISTERED).when(REPORT, by=unknown).refused(NotPermitted, "unknown is not registered")


def test_the_register_itself_reports_nothing_and_records_no_evidence() -> None:
    given(*REGISTERED).when(REPORT, by=SYSTEM).refused(NotPermitted)
    given(*REPORTED).when(RECORD, by=SYSTEM).refused(NotPermitted)


def test_incidents_are_numbered_apart_from_requests() -> None:
    register = given(*REGISTERED).register
    references = []
    for number in range(3):
        answer = register.command(REPORT, requester, on=uuid5(NOWHERE, str(number)))
        assert isinstance(answer, tuple)
        references.append(answer[0].reference)
    assert references == [f"pristina-i-2024-000{number}" for number in (1, 2, 3)]


def test_recipients_are_for_what_is_red() -> None:
    given(*REGISTERED).when(replace(REPORT, recipients=(Subject("x"),)), by=requester).refused(
        InvalidInput, "Only what is marked RED has recipients", at=("recipients",)
    )


@pytest.mark.parametrize("text", ["person:", "person:issuer", "person:issuer|", "person:|ana"])
def test_a_recipient_of_another_issuer_has_an_issuer_and_a_subject(text: str) -> None:
    red = replace(REPORT, marking=Marking.RED, recipients=(Subject("x"), Subject(text)))
    given(*REGISTERED).when(red, by=requester).refused(InvalidInput, "'person:ISSUER|SUBJECT'", at=("recipients.1",))


def test_evidence_is_graded_and_marked_as_its_incident_where_nothing_is_said() -> None:
    when = given(*REPORTED).when(RECORD, by=reviewer)
    assert isinstance(when.answer, tuple)
    state = when.then(replace(evidence().event, evidence=when.answer[0].evidence))
    (piece,) = state.evidence
    assert (piece.marking, piece.recorded_by, piece.recorded_at) == (Marking.AMBER, reviewer, NOW)


def test_evidence_has_a_file_and_a_place_where_it_is_kept() -> None:
    command = replace(RECORD, sha256=Sha256("0a" * 32), uri=Text("https://example.org/1"), marking=Marking.RED)
    when = given(*REPORTED).when(command, by=reviewer)
    assert isinstance(when.answer, tuple)
    event: EvidenceRecorded = when.answer[0]
    assert (event.sha256, event.uri, event.marking) == (command.sha256, command.uri, Marking.RED)


@pytest.mark.parametrize("uri", ["https://example.org/a?b#c", "s3://archive/17", "urn:uuid:5", "file:///srv/17.pdf"])
def test_a_uri_is_kept_as_it_is(uri: str) -> None:
    when = given(*REPORTED).when(replace(RECORD, uri=Text(uri)), by=reviewer)
    assert isinstance(when.answer, tuple)
    assert when.answer[0].uri == Text(uri)


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x", "cabinet 17", "17", ":x", "a b:c"]
)
def test_a_uri_is_one_and_is_nothing_to_run(uri: str) -> None:
    given(*REPORTED).when(replace(RECORD, uri=Text(uri)), by=reviewer).refused(
        InvalidInput, "A URI has a scheme and names a place", at=("uri",)
    )


def test_each_piece_of_evidence_has_an_id_of_its_own() -> None:
    register = given(*REPORTED).register
    for _ in range(3):
        register.command(RECORD, reviewer)
    assert len({piece.id for piece in register.states[CANAL].evidence}) == 3


@pytest.mark.parametrize(("incident_marking", "marking"), list(product(Marking, Marking)))
def test_evidence_can_only_be_stricter_than_its_incident(incident_marking: Marking, marking: Marking) -> None:
    past = (*REGISTERED, mandate(), incident(marking=incident_marking))
    when = given(*past).when(replace(RECORD, marking=marking), by=requester)
    order = ["CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED"]
    if order.index(marking) < order.index(incident_marking):
        when.refused(
            InvalidInput, f"at least as strictly as its incident, which is {incident_marking}", at=("marking",)
        )
    else:
        assert isinstance(when.answer, tuple)


def test_what_was_reported_and_recorded_is_kept() -> None:
    filed = evidence(sha256=Sha256("0a" * 32), uri=Text("https://example.org/1"))
    state = given(*REPORTED, filed).register.states[CANAL]
    for name in ("kind", "description", "region", "location", "occurred_at", "marking", "recipients", "covered_by"):
        assert getattr(state, name) == getattr(incident().event, name), name
    assert state.position == len(REPORTED)
    (piece,) = state.evidence
    for name in ("summary", "marking", "source_reliability", "information_credibility", "sha256", "uri"):
        assert getattr(piece, name) == getattr(filed.event, name), name
    assert piece.id == filed.event.evidence
