"""What a line may contain; errors name the line and the field."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from domain.catalogue import BLOCKED_PERSONS, MAIL_SUBSCRIPTION, WEBHOOK_ENDPOINT
from service.exchange.importing.importable_commands import COMMANDS, mutation_of
from service.exchange.importing.raw_line import LONGEST_LINE
from service.graphql.root import schema
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    FOUNDED,
    REVIEWS,
    TERMS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        register.takes(*FOUNDED)
        yield register


def test_every_mutation_can_be_a_line_but_those_that_concern_only_the_present() -> None:
    mutation = schema.get_type_by_name("Mutation")
    assert mutation is not None
    named = {field.graphql_name or field.name for field in mutation.fields}  # type: ignore[union-attr]
    spelled = {"".join([head, *(word.title() for word in tail)]) for head, *tail in (name.split("_") for name in named)}
    present = (BLOCKED_PERSONS, WEBHOOK_ENDPOINT, MAIL_SUBSCRIPTION)
    current = {mutation_of(command) for each in present for command in each.commands}
    assert spelled - {"rebuildProjection", *current} == {*COMMANDS}


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"command": "submitRequest"}, "command"),
        ({"command": None}, "command"),
        ({"at": "2017-03-01"}, "at"),
        ({"at": "2017-03-01T12:00:00"}, "at"),
        ({"at": 1488369600}, "at"),
        ({"at": "2030-01-01T12:00:00Z"}, "at"),
        ({"when": "then"}, "when"),
        ({"name": 3}, "name"),
        ({"actor": "ana"}, "actor"),
        ({"actor": {**ASKS, "roles": []}}, "actor.roles"),
        ({"actor": {**ASKS, "roles": ["requester"]}}, "actor.roles"),
        ({"actor": {**ASKS, "roles": [{}]}}, "actor.roles"),
        ({"actor": {**ASKS, "authority": "register"}}, "actor.authority"),
        ({"actor": {**ASKS, "authority": "Low Land"}}, "actor.authority"),
        ({"actor": {**ASKS, "subject": " "}}, "actor.subject"),
        ({"actor": {**ASKS, "name": "Ana"}}, "actor.name"),
        ({"actor": {**ASKS, "subject": None}}, "actor.subject"),
        ({"actor": {**ASKS, "onBehalfOf": 3}}, "actor.onBehalfOf"),
        ({"actor": {**ASKS, "onBehalfOf": "person:"}}, "actor.onBehalfOf"),
        ({"actor": {**ASKS, "onBehalfOf": "nobody"}}, "onBehalfOf"),
        ({"input": {**TERMS, "onBehalfOf": "ben"}}, "onBehalfOf"),
        ({"input": None}, "input"),
        ({"input": {**TERMS, "force": None}}, "force"),
        ({"input": {**TERMS, "force": ["guard"]}}, "force"),
        ({"input": {**TERMS, "strength": "many"}}, "strength"),
        ({"input": {**TERMS, "strength": True}}, "strength"),
        ({"input": {**TERMS, "strength": 0}}, "strength"),
        ({"input": {**TERMS, "strength": 10**30}}, "strength"),
        ({"input": {**TERMS, "region": "Valley"}}, "region"),
        ({"input": {**TERMS, "period": {"start": "2018-01-01T00:00:00Z"}}}, "period.end"),
        ({"input": {**TERMS, "period": {**TERMS["period"], "end": "soon"}}}, "period.end"),  # type: ignore[dict-item]
        ({"input": {**TERMS, "marking": "SECRET"}}, "marking"),
        ({"input": {**TERMS, "incidents": "flood"}}, "incidents"),
        ({"input": {**TERMS, "incidents": [3]}}, "incidents.0"),
        ({"input": {**TERMS, "incidents": ["no such"]}}, "incidents"),
        ({"input": {**TERMS, "id": "x"}}, "id"),
        ({"input": {**TERMS, "idempotencyKey": "x"}}, "idempotencyKey"),
        ({"input": {**TERMS, "purpose": "a\x00b"}}, "purpose"),
        ({"history": None}, "history"),
        ({"history": ""}, "history"),
        ({"history": "h" * 201}, "history"),
    ],
)  # fmt: skip
def test_an_invalid_value_is_reported_at_its_field(register: Importer, change: dict[str, Any], at: str) -> None:
    head = register.store.head()
    totals = register.takes({**asked("a"), **change})
    assert register.refused == [(1, "InvalidInput", [at])]
    assert (totals.lines, totals.refused) == (1, 1)
    assert register.store.head() == head


@pytest.mark.parametrize(
    "text",
    ["not JSON", "[]", "3", '{"history": "a"', '"\\ud800"', "{}}", "\x00", '{"history": "\\ud800"}', "[" * 100_000],
)
def test_a_malformed_line_is_reported_and_the_rest_is_read(register: Importer, text: str) -> None:
    totals = register.takes(text, asked("a"), "", "  ")
    assert [number for number, _, _ in register.refused] == [1]
    assert (totals.lines, totals.recorded) == (2, 1)


@pytest.mark.parametrize("depth", [900, 970, 980, 990, 994, 995, 996, 997, 998, 999, 1_000, 5_000])
def test_a_line_that_is_nested_deeply_is_refused_and_the_rest_is_read(register: Importer, depth: int) -> None:
    totals = register.takes('{"history": "x", "at": ' + "[" * depth + "]" * depth + "}", asked("a"))
    assert [number for number, _, _ in register.refused] == [1]
    assert totals.recorded == 1


@pytest.mark.parametrize(("said", "twice"), [("purpose", "strength"), ("history", "command")])
def test_a_field_given_twice_is_reported(register: Importer, said: str, twice: str) -> None:
    text = json.dumps(asked("a")).replace(f'"{said}":', f'"{twice}": "other", "{said}":')
    totals = register.takes(text)
    assert register.refused == [(1, "InvalidInput", [twice])]
    assert (totals.lines, totals.recorded) == (1, 0)


def test_an_incident_that_is_not_there_is_reported_as_the_line_calls_it(register: Importer) -> None:
    register.takes({**asked("a"), "input": {**TERMS, "incidents": ["the flood"]}})
    (message,) = register.reasons
    assert message == "incidents: There is no such incident that you may see: 'the flood'."


def test_an_endless_line_is_not_held_in_memory(register: Importer) -> None:
    totals = register.takes("x" * (3 * LONGEST_LINE), asked("a"))
    assert register.refused == [(1, "InvalidInput", ["line"])]
    assert totals.recorded == 1


def test_a_byte_order_mark_and_other_line_ends_are_read(register: Importer) -> None:
    totals = register.reads(b"\xef\xbb\xbf" + json.dumps(asked("a")).encode() + b"\r\n\r\n")
    assert totals.recorded == totals.lines == 1


def test_a_history_is_of_one_thing_and_begins_once(register: Importer) -> None:
    register.takes(
        asked("a"),
        asked("a", "2017-03-02"),
        line("a", "registerAuthority", "2017-03-03", FOUNDED[0]["actor"], {"code": "third", "name": "Third"}),
    )
    assert register.refused == [(2, "InvalidInput", ["command"]), (3, "InvalidInput", ["command"])]


def test_the_lines_of_a_history_do_not_go_back_in_time(register: Importer) -> None:
    remark = line("a", "remarkOnDeploymentRequest", "2017-02-01", ASKS, WHY)
    register.takes(asked("a"), remark, {**remark, "at": "2017-03-01T13:00:00+01:00"})
    assert register.refused == [(2, "InvalidInput", ["at"])]


@pytest.mark.parametrize("at", ["2107-03-02T12:00:00Z", "2017-02-01T12:00:00Z", "2.3.2017", None])
def test_a_line_out_of_order_affects_no_other(register: Importer, at: str | None) -> None:
    remark = line("a", "remarkOnDeploymentRequest", "2017-03-03", ASKS, WHY)
    register.takes(asked("a"), {**remark, "at": at}, remark)
    assert register.refused == [(2, "InvalidInput", ["at"])]


def test_a_history_continues_after_a_first_line_without_a_time(register: Importer) -> None:
    register.takes({**asked("a"), "at": "1.3.2017"}, asked("a"))
    assert register.refused == [(1, "InvalidInput", ["at"])]


def test_histories_may_be_named_by_uuids(register: Importer) -> None:
    values = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-01-31T00:00:00Z"}
    name = str(uuid4())
    register.takes(line(name, "reportIncident", "2017-02-01", ASKS, values), asked("a", incidents=[name]))
    assert register.refused == []
    incident = next(each.stream for each in register.log if type(each.event).__name__ == "IncidentReported")
    register.takes(asked("b", incidents=[str(incident)]))
    assert register.refused == []
    register.takes(asked("c", incidents=[str(uuid4())]))
    assert register.refused == [(1, "InvalidInput", ["incidents"])]


def test_a_name_of_evidence_is_given_once(register: Importer) -> None:
    values = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-01-31T00:00:00Z"}
    graded = {"summary": "EXERCISE", "sourceReliability": "B", "informationCredibility": "TWO"}
    piece = line("a", "recordEvidence", "2017-02-02", ASKS, graded, name="photo")
    register.takes(line("a", "reportIncident", "2017-02-01", ASKS, values), piece, piece)
    assert register.refused == [(3, "InvalidInput", ["name"])]


def test_one_piece_of_evidence_is_named_as_such_or_as_in_a_cell(register: Importer) -> None:
    report = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-03-01T00:00:00Z"}
    investigates = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}
    grades = {"sourceReliability": "A", "informationCredibility": "ONE"}
    named: tuple[Any, ...] = (["lock"], "lock", [], ["lock", "lock"], [["lock"]])
    register.takes(
        line("flood", "reportIncident", "2017-03-01", ASKS, report),
        line("flood", "recordEvidence", "2017-03-02", investigates, {"summary": "EXERCISE", **grades}, name="lock"),
        *(
            line("flood", "regradeEvidence", "2017-03-03", investigates, {**WHY, **grades, **each, "evidence": name})
            for name, each in zip(named, ({"sourceReliability": "B"}, *[{}] * 4), strict=True)
        ),
    )
    assert register.refused == [(number, "InvalidInput", ["evidence"]) for number in (5, 6, 7)]
    assert register.names().count("EvidenceRegraded") == 2


def test_a_proposed_correction_is_settled_by_its_name(register: Importer) -> None:
    report = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-03-01T00:00:00Z"}
    other = {**ASKS, "subject": "somebody-else"}
    settle = {**WHY, "accept": True, "correction": "fire"}
    register.takes(
        line("flood", "reportIncident", "2017-03-01", ASKS, report),
        line("flood", "proposeCorrection", "2017-03-02", other, {**WHY, "kind": "fire"}, name="fire"),
        line("flood", "settleCorrection", "2017-03-03", ASKS, {**settle, "correction": "none"}),
        line("flood", "settleCorrection", "2017-03-04", ASKS, settle),
    )
    assert register.refused == [(3, "InvalidInput", ["correction"])]
    [corrected] = [each for each in register.log if type(each.event).__name__ == "IncidentCorrected"]
    [proposed] = [each for each in register.log if type(each.event).__name__ == "CorrectionProposed"]
    assert corrected.event.correction == proposed.event.correction


def test_a_history_that_is_too_long_is_cut_where_it_is(register: Importer) -> None:
    remark = line("a", "remarkOnDeploymentRequest", "2017-03-02", ASKS, WHY)
    totals = register.takes(asked("a"), *[remark] * 1001)
    assert [(number, fields) for number, _, fields in register.refused] == [(1001, ["history"]), (1002, ["history"])]
    assert totals.recorded == 1000


def test_evidence_is_named_by_its_line_and_a_condition_by_its_number(register: Importer) -> None:
    report = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-03-01T00:00:00Z"}
    investigates = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}
    piece = {"summary": "EXERCISE", "sourceReliability": "A", "informationCredibility": "ONE"}
    found = {"likelihood": "LIKELY", "confidence": "HIGH", "basis": "EXERCISE"}
    conditions = [{"text": "x"}, {"text": "y"}]
    numbers: tuple[Any, ...] = (2, 0, "3", [])
    register.takes(
        line("flood", "reportIncident", "2017-03-01", ASKS, report),
        line("flood", "recordEvidence", "2017-03-02", investigates, piece, name="lock"),
        line("flood", "attributeIncident", "2017-03-03", investigates, {**found, "evidence": ["key"]}),
        line("flood", "attributeIncident", "2017-03-03", investigates, {**found, "evidence": ["lock"]}),
        asked("a"),
        line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
        line("a", "endorseDeploymentRequest", "2017-03-02", REVIEWS, {**WHY, "recommendation": "APPROVE"}),
        line("a", "approveDeploymentRequest", "2017-03-03", APPROVES, {**WHY, "conditions": conditions}),
        *(line("a", "reportFulfilment", "2017-03-04", ASKS, {"condition": n, "report": "done"}) for n in numbers),
    )  # fmt: skip
    assert register.refused == [
        (3, "InvalidInput", ["evidence.0"]),
        (10, "InvalidInput", ["condition"]),
        (11, "InvalidInput", ["condition"]),
        (12, "InvalidInput", ["condition"]),
    ]
    assert register.names()[-2:] == ["FulfilmentReported", "KeyClaimed"]
