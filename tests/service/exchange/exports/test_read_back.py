"""What is exported is read back by readers that are not ours, and compared with the log."""

import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.authority import stream_of
from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.events import RequestSubmitted
from domain.recorded_event import Recorded
from domain.vocabulary import Actor, iso_time
from projections.rows.api_terms import payload
from projections.rows.audit_entries import kind_of, subject_of
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.exporter import Exporter
from tests.service.exchange.exports.readers import at, attributes


def who(actor: Actor) -> str:
    """Persons of two issuers with one subject are two persons."""
    return "system" if actor.is_system else f"person:{actor.issuer}|{actor.subject}"


def principal(actor: Actor) -> str | None:
    return None if actor.on_behalf_of is None else f"person:{actor.on_behalf_of[0]}|{actor.on_behalf_of[1]}"


def test_some_act_on_behalf_of_others(register: Exporter) -> None:
    assert {principal(each.actor) is None for each in register.log} == {True, False}


def test_whole_events_are_what_was_recorded(register: Exporter) -> None:
    lines = [json.loads(line) for line in register.export("jsonl", "jsonl").read_bytes().splitlines()]
    named = register.states(DEPLOYMENT_REQUEST) | register.states(INCIDENT)
    for line, recorded in zip(lines, register.log, strict=True):
        assert line == {
            "position": str(recorded.position),
            "subject": {
                "id": str(subject_of(recorded)),
                "kind": kind_of(recorded),
                "reference": _name(named, recorded),
            },
            "version": recorded.version,
            "type": type(recorded.event).__name__,
            "recordedAt": iso_time(recorded.recorded_at),
            "occurredAt": iso_time(recorded.occurred_at) if recorded.occurred_at else None,
            "actor": {
                "kind": "person",
                "issuer": recorded.actor.issuer,
                "subject": recorded.actor.subject,
                "authority": recorded.actor.authority,
                "roles": list(recorded.actor.roles),
                **_principal(recorded.actor, "issuer", "subject"),
            },
            "command": {
                "name": "Made",
                "id": str(recorded.command.id),
                "n": recorded.command.n,
                "of": recorded.command.of,
            },
            "correlationId": str(recorded.correlation),
            "causationId": None if recorded.causation is None else str(recorded.causation),
            "consulted": [],
            "payload": payload(recorded.event),
            "redactions": [],
        }


def test_cloudevents(register: Exporter) -> None:
    log = register.log
    events = readers.cloudevents(register.export("cloudevents", "jsonl"))
    assert len(events) == len(log)
    assert len({event.get_source() for event in events}) == 1
    for event, recorded in zip(events, log, strict=True):
        assert event.get_specversion() == "1.0"
        assert event.get_id() == str(recorded.position)
        assert event.get_type() == f"mandate.{type(recorded.event).__name__}"
        assert event.get_subject() == str(subject_of(recorded))
        assert event.get_time() == recorded.happened_at
        assert event.get_datacontenttype() == "application/json"
        assert event.get_data() == payload(recorded.event)
        extensions = event.get_extensions() if hasattr(event, "get_extensions") else event.get_attributes()
        assert extensions["correlationid"] == str(recorded.correlation)
        assert extensions.get("causationid") == (None if recorded.causation is None else str(recorded.causation))
        assert int(extensions["sequence"]) == recorded.position
        assert at(extensions["recordedtime"]) == recorded.recorded_at
        assert extensions["authid"] == recorded.actor.subject
        assert json.loads(extensions["authclaims"]) == {
            "iss": recorded.actor.issuer,
            "authority": recorded.actor.authority,
            "roles": list(recorded.actor.roles),
            **_principal(recorded.actor, "iss", "sub"),
        }


def test_a_spreadsheet_sees_that_it_is_utf_8(register: Exporter) -> None:
    written = register.export("csv", "csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfreference,id,")
    assert written.count(b"\r\n") >= 1 + len(register.states(DEPLOYMENT_REQUEST))


def test_rows_of_requests(register: Exporter) -> None:
    rows = {row["id"]: row for row in readers.table(register.export("csv", "csv"))}
    requests = register.states(DEPLOYMENT_REQUEST)
    incidents = register.states(INCIDENT)
    assert rows.keys() == {str(stream) for stream in requests}
    for request in requests.values():
        row = rows[str(request.id)]
        assert row["reference"] == request.reference
        assert (row["status"], row["version"], row["revision"]) == (
            request.status,
            str(request.version),
            str(request.revision),
        )
        assert (row["force"], row["strength"]) == (request.force, str(request.strength))
        assert row["purpose"] == request.purpose.value
        assert row["incidents"] == "; ".join(incidents[each].reference for each in request.incidents)
        assert row["outcome"] == (request.decision.outcome if request.decision else "")
        assert row["grantedStrength"] == str((request.decision and request.decision.granted_strength) or "")
        assert row["holdReason"] == (request.hold.reason.value if request.hold else "")
        assert row["redactions"] == ""
        acting_for = principal(request.submitted_by)
        assert (f" for {acting_for} (" in row["submittedBy"]) is (acting_for is not None)


def test_rows_of_events(register: Exporter) -> None:
    rows = readers.table(register.export("csv", "csv", events=True))
    for row, recorded in zip(rows, register.log, strict=True):
        assert row["position"] == str(recorded.position)
        assert (row["type"], row["version"]) == (type(recorded.event).__name__, str(recorded.version))
        assert (row["actor"], row["authority"]) == (who(recorded.actor), recorded.actor.authority)
        assert row["onBehalfOf"] == (principal(recorded.actor) or "")
        assert at(row["recordedAt"]) == recorded.recorded_at
        assert row["reason"] == (payload(recorded.event).get("reason") or "")
        assert json.loads(row["data"]) == payload(recorded.event)


def test_a_workbook_has_the_rows_of_both_tables_with_typed_values(register: Exporter) -> None:
    sheets = readers.workbook(register.export("xlsx", "xlsx"))
    assert [*sheets] == ["Requests", "Events"]
    for name, events in (("Requests", False), ("Events", True)):
        for found, row in zip(sheets[name], readers.table(register.export("csv", "csv", events=events)), strict=True):
            assert {column: value for column, value in found.items() if not is_same(value, row[column])} == {}
    for event, recorded in zip(sheets["Events"], register.log, strict=True):
        assert (event["position"], type(event["recordedAt"])) == (recorded.position, datetime)


def is_same(value: Any, text: str) -> bool:
    """Whether a typed cell says what the cell of a CSV file says. Workbooks have milliseconds."""
    if isinstance(value, datetime):
        return abs(value.replace(tzinfo=UTC) - at(text)) <= timedelta(milliseconds=1)
    if isinstance(value, bool):
        return text == str(value).lower()
    return text.removeprefix("'") == ("" if value is None else str(value).removeprefix("'"))


def test_xes(register: Exporter) -> None:
    read = readers.xes(register.export("xes", "xes"))
    log = [recorded for recorded in register.log if kind_of(recorded) == DEPLOYMENT_REQUEST.name]
    assert {extension["prefix"] for extension in read["extensions"]} == {"concept", "time", "org", "lifecycle"}
    assert read["classifiers"][0]["keys"] == ["concept:name"]
    assert {each["key"] for each in read["global_event_attrs"]} == {
        "concept:name", "time:timestamp", "lifecycle:transition", "org:resource", "org:group",
    }  # fmt: skip
    requests = register.states(DEPLOYMENT_REQUEST)
    opened = [recorded.event.reference for recorded in log if isinstance(recorded.event, RequestSubmitted)]
    assert [attributes(trace)["concept:name"] for trace in read["traces"]] == opened
    for trace in read["traces"]:
        about = attributes(trace)
        own = [recorded for recorded in log if str(recorded.stream) == about["id"]]
        request = requests[own[0].stream]
        assert (about["status"], about["strength"], about["revision"]) == (
            request.status,
            request.strength,
            request.revision,
        )
        assert len(trace["events"]) == len(own)
        for event, recorded in zip(trace["events"], own, strict=True):
            values, data = attributes(event), payload(recorded.event)
            assert values["concept:name"] == type(recorded.event).__name__
            assert at(values["time:timestamp"]) == recorded.happened_at
            assert (values["org:resource"], values["org:group"]) == (who(recorded.actor), recorded.actor.authority)
            assert values.get("onBehalfOf") == principal(recorded.actor)
            assert values["position"] == recorded.position
            assert values.get("reason") == data.get("reason")
            assert len(values) == len(event["attributes"])


@pytest.mark.parametrize("ending", ["json", "sqlite"])
def test_ocel(register: Exporter, ending: str) -> None:
    read = readers.ocel(register.export("ocel2", ending))
    log = {str(recorded.position): recorded for recorded in register.log}
    assert {event["id"] for event in read["events"]} == log.keys()
    for event in read["events"]:
        recorded = log[event["id"]]
        assert event["type"] == type(recorded.event).__name__
        assert at(event["time"]) == recorded.happened_at
        relations = {(each["qualifier"], each["objectId"]) for each in event["relationships"]}
        assert ("subject", str(subject_of(recorded))) in relations
        assert ("actor", f"person:{recorded.actor.issuer}|{recorded.actor.subject}") in relations
        assert ("acting for", str(stream_of(recorded.actor.authority))) in relations
        on_behalf_of = {other for qualifier, other in relations if qualifier == "on behalf of"}
        assert on_behalf_of == ({each} if (each := principal(recorded.actor)) else set())
        values = {each["name"]: each["value"] for each in event["attributes"]}
        assert str(values["position"]) == event["id"]
        assert values.get("reason") == payload(recorded.event).get("reason")
    _check_objects(register, read)


def test_every_value_of_the_json_is_a_string_as_the_standards_schema_has_it(register: Exporter) -> None:
    written = json.loads(register.export("ocel2", "json").read_bytes())
    assert written.keys() == {"objectTypes", "eventTypes", "objects", "events"}
    for item in written["objects"] + written["events"]:
        assert all(isinstance(each["value"], str) for each in item["attributes"])
    for types, items in (("objectTypes", "objects"), ("eventTypes", "events")):
        declared = {each["name"]: {a["name"] for a in each["attributes"]} for each in written[types]}
        for item in written[items]:
            assert {each["name"] for each in item["attributes"]} <= declared[item["type"]]


def test_the_database_declares_and_keeps_its_references(register: Exporter) -> None:
    with sqlite3.connect(register.export("ocel2", "sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        without = [name for name in tables if not database.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()]
        assert set(without) == {"event_map_type", "object_map_type"}
        mapped = {f"event_{name}" for (name,) in database.execute("SELECT ocel_type_map FROM event_map_type")}
        assert mapped <= set(tables)


def _check_objects(register: Exporter, read: dict[str, Any]) -> None:
    requests, incidents = register.states(DEPLOYMENT_REQUEST), register.states(INCIDENT)
    authorities = register.states(AUTHORITY)
    objects = {each["id"]: each for each in read["objects"]}
    counted = Counter(each["type"] for each in read["objects"])
    assert (counted["DeploymentRequest"], counted["Incident"]) == (len(requests), len(incidents))
    related = {each["objectId"] for event in read["events"] for each in event["relationships"]}
    assert related == objects.keys()
    for request in requests.values():
        item = objects[str(request.id)]
        timeline = [each for each in item["attributes"] if each["name"] == "status"]
        assert timeline[0]["value"] == "SUBMITTED"
        assert timeline[-1]["value"] == request.status
        assert _last(item, "strength") == str(request.strength)
        assert _last(item, "purpose") == request.purpose.value
        links = {(each["qualifier"], each["objectId"]) for each in item["relationships"]}
        assert {("rests on", str(each)) for each in request.incidents} <= links
        assert ("decided by", str(stream_of(request.deciding_authority))) in links
    for incident in incidents.values():
        assert _last(objects[str(incident.id)], "attributionStatus") == incident.status
    for authority in authorities.values():
        assert _last(objects[str(authority.id)], "name") == authority.name


def _last(item: dict[str, Any], name: str) -> str:
    return str([each["value"] for each in item["attributes"] if each["name"] == name][-1])


def _name(named: dict[UUID, Any], recorded: Recorded[Any]) -> str:
    if kind_of(recorded) == AUTHORITY.name:
        return str(getattr(recorded.event, "code", None) or recorded.event.authority)
    return str(named[recorded.stream].reference)


def _principal(actor: Actor, issuer: str, subject: str) -> dict[str, Any]:
    if actor.on_behalf_of is None:
        return {}
    return {"onBehalfOf": {issuer: actor.on_behalf_of[0], subject: actor.on_behalf_of[1]}}
