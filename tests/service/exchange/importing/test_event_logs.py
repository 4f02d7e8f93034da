"""Event logs: XES and OCEL 2.0. Each event of a case is a row of the mapping."""

import gzip
import io
import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from service.errors import Misconfigured
from service.exchange.importing import ocel_reader, xes_reader
from service.exchange.importing.column_map import read_mapping

MAPPING = """
    [columns]
    history = "case:concept:name"
    at = "time:timestamp"
    [[line]]
    when = { "concept:name" = "asked", "event:occurrence" = "1" }
    fixed = { command = "submitDeploymentRequest" }
    columns = { "input.period.start" = "case:begin", "input.period.end" = "case:end" }
    [[line]]
    when = { "concept:name" = ["agreed *", "seen"] }
    columns = { "actor.subject" = "org:resource" }
    fixed = { command = "endorseDeploymentRequest" }
    [[line]]
    otherwise = true
    columns = { "input.reason" = "concept:name", name = "event:number" }
    fixed = { command = "remarkOnDeploymentRequest" }
"""


def event(name: str, at: str, **more: str) -> str:
    others = "".join(f'<string key="{key.replace("_", ":")}" value="{value}"/>' for key, value in more.items())
    return (
        f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="{at}"/>{others}</event>'
    )


def trace(name: str, *events: str) -> str:
    return f'<trace><string key="concept:name" value="{name}"/>{"".join(events)}</trace>'


def log(*parts: str) -> bytes:
    head = '<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>'
    return f'<log xmlns="http://www.xes-standard.org/">{head}{"".join(parts)}</log>'.encode()


def lines(read: Any, content: bytes, mapping: str, folder: Path) -> list[Any]:
    path = folder / "mapping.toml"
    path.write_text(mapping)
    found = read.reader(read_mapping(path))(io.BytesIO(content))
    return [(raw.number, raw.fields or raw.problem) for raw in found]


ASKED = event("asked", "2017-03-01T10:00:00+01:00")
AGREED = event("agreed in part", "2017-03-02T10:00:00+01:00", org_resource="Rita")
FIRST, LAST = "2017-03-01T10:00:00+01:00", "2017-03-03T10:00:00+01:00"


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_each_event_of_a_trace_makes_the_lines_of_its_rules(tmp_path: Path, packed: Any) -> None:
    content = log(trace("A", ASKED, AGREED, event("asked", LAST)), trace("B", ASKED))
    assert lines(xes_reader, packed(content), MAPPING, tmp_path) == [
        (1, {"history": "A", "at": FIRST, "command": "submitDeploymentRequest",
             "input": {"period": {"start": FIRST, "end": LAST}}}),
        (2, {"history": "A", "at": "2017-03-02T10:00:00+01:00", "command": "endorseDeploymentRequest",
             "actor": {"subject": "Rita"}}),
        (3, {"history": "A", "at": LAST, "command": "remarkOnDeploymentRequest", "input": {"reason": "asked"},
             "name": "3"}),
        (4, {"history": "B", "at": FIRST, "command": "submitDeploymentRequest",
             "input": {"period": {"start": FIRST, "end": FIRST}}}),
    ]  # fmt: skip


def test_events_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    twice = event("asked", FIRST, concept_name="again")
    long = event("asked", FIRST, note="x" * 1_100_000)
    content = log(trace("A", ASKED, AGREED, twice, long), event("astray", FIRST))
    assert [found for found in lines(xes_reader, content, MAPPING, tmp_path) if isinstance(found[1], str)] == [
        (3, "It has two attributes 'concept:name'."),
        (4, "An event has at most 1,048,576 characters."),
        (5, "It is in no trace."),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid XML"),
        (b"<log><trace>", "not valid XML"),
        (b"<html/>", "no XES log"),
        (b'<?xml version="1.0" encoding="foo"?><log/>', "encoding that the file declares"),
        (b'<?xml version="1.0" encoding="big5"?><log/>', "encoding that the file declares"),
        (gzip.compress(log())[:-9], "cannot be decompressed"),
        (log(trace("A", ASKED)), "no event of the file has the column 'org:resource': it has 'case:concept:name', "),
        (log(), "the file has no events"),
        (log(trace("A", event("asked", FIRST, concept_name="again"))), "no event can be read: event 1: It has two"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_anything_is_recorded(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        lines(xes_reader, content, MAPPING, tmp_path)


def test_the_events_of_a_trace_that_names_something_twice_are_listed(tmp_path: Path) -> None:
    content = log(trace("A", '<string key="concept:name" value="B"/>', ASKED), trace("B", ASKED, AGREED))
    assert lines(xes_reader, content, MAPPING, tmp_path)[0] == (1, "Its trace has two attributes 'concept:name'.")


@pytest.mark.parametrize("key", ["fixed", "columns"])
def test_a_value_and_a_part_of_it_are_refused(tmp_path: Path, key: str) -> None:
    mapping = f'{key} = {{ input = "org:resource", "input.force" = "org:resource" }}'
    with pytest.raises(Misconfigured, match="'input' and for a part of it"):
        lines(xes_reader, log(trace("A", AGREED)), mapping, tmp_path)


def test_a_log_of_many_levels_or_entities_does_no_harm(tmp_path: Path) -> None:
    deep = log("<list>" * 100_000 + "</list>" * 100_000, trace("A", ASKED, AGREED))
    assert len(lines(xes_reader, deep, MAPPING, tmp_path)) == 2
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    content = f'<!DOCTYPE log [<!ENTITY e0 "lol">{bomb}]><log><trace>&e12;</trace></log>'.encode()
    with pytest.raises(Misconfigured, match="not valid XML"):
        lines(xes_reader, content, MAPPING, tmp_path)


def test_a_log_without_an_end_of_an_event_is_refused_after_a_few_megabytes(tmp_path: Path) -> None:
    """A small archive of it can have any size. An unfinished tag is held in memory, and parsed again and again."""
    unending = [b'<log note="', b"<log>", b"<log><trace><event>", log()[:-6] + b"<trace><event><string "]
    for beginning in unending:
        packed = gzip.compress(beginning + b" " * 100_000_000, 1)
        before = process_time()
        with pytest.raises(Misconfigured, match="no event or trace ends within 16 MiB of the file"):
            lines(xes_reader, packed, MAPPING, tmp_path)
        assert process_time() - before < 5


def test_a_trace_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    long = event("asked", FIRST, note="x" * 1_000_000)
    with pytest.raises(Misconfigured, match="the case that ends after event 68 has more than 67,108,864 characters"):
        lines(xes_reader, log(trace("A", *[long] * 80)), MAPPING, tmp_path)


OCEL: dict[str, Any] = {
    "objectTypes": [{"name": "Permit", "attributes": []}],
    "eventTypes": [],
    "objects": [
        {"id": "p1", "type": "Permit", "attributes": [
            {"name": "amount", "value": 7, "time": "2017-03-02T00:00:00Z"},
            {"name": "amount", "value": 5, "time": "1970-01-01T00:00:00Z"},
        ]},
        {"id": "p2", "type": "Permit"},
        {"id": "rita", "type": "Person", "relationships": []},
    ],
    "events": [
        {"id": "e3", "type": "decide", "time": "2017-03-03T10:00:00Z",
         "attributes": [{"name": "urgent", "value": True}],
         "relationships": [{"objectId": "p1", "qualifier": "of"}, {"objectId": "p2", "qualifier": "of"}]},
        {"id": "e1", "type": "ask", "time": "2017-03-01T10:00:00Z",
         "relationships": [{"objectId": "p1", "qualifier": "of"}, {"objectId": "rita", "qualifier": "by"}]},
        {"id": "e2", "type": "rest", "time": "2017-03-01T12:00:00Z", "relationships": []},
    ],
}  # fmt: skip
OF_PERMITS = """
    case = "Permit"
    [columns]
    history = "case:id"
    at = "ocel:time"
    command = "ocel:type"
    "input.strength" = "case:amount"
    "input.urgency" = "urgent"
    "actor.subject" = "object:Person"
"""


def changed(**parts: Any) -> bytes:
    return json.dumps({**OCEL, **parts}).encode()


ELSEWHERE = [{**each, "relationships": [{"objectId": "p9", "qualifier": "of"}]} for each in OCEL["events"]]


def test_the_events_of_each_object_of_a_type_make_lines(tmp_path: Path) -> None:
    assert lines(ocel_reader, json.dumps(OCEL).encode(), OF_PERMITS, tmp_path) == [
        (2, {"history": "p1", "at": "2017-03-01T10:00:00+00:00", "command": "ask", "input": {"strength": "5"},
             "actor": {"subject": "rita"}}),
        (1, {"history": "p1", "at": "2017-03-03T10:00:00+00:00", "command": "decide",
             "input": {"strength": "7", "urgency": "true"}}),
        (1, {"history": "p2", "at": "2017-03-03T10:00:00+00:00", "command": "decide", "input": {"urgency": "true"}}),
    ]  # fmt: skip


def test_a_byte_order_mark_is_no_part_of_a_log(tmp_path: Path) -> None:
    with_it = b"\xef\xbb\xbf" + json.dumps(OCEL).encode()
    assert len(lines(ocel_reader, with_it, OF_PERMITS, tmp_path)) == 3


def test_events_with_one_id_are_listed(tmp_path: Path) -> None:
    again = {**OCEL["events"][1], "id": "e4"}
    found = lines(ocel_reader, changed(events=[*OCEL["events"], again, again]), OF_PERMITS, tmp_path)
    assert [each for each in found if isinstance(each[1], str)] == [
        (4, "Another event has its id too."),
        (5, "Another event has its id too."),
    ]


@pytest.mark.parametrize(
    ("content", "mapping", "said"),
    [
        (changed(events=[]), OF_PERMITS, "the file has no events"),
        (changed(events=ELSEWHERE), OF_PERMITS, "no event of the file relates to an object of the type 'Permit'"),
        (changed(objects=[*OCEL["objects"], {"id": "p1", "type": "Trip"}]), OF_PERMITS, "two objects with the id 'p1'"),
        (b"{", OF_PERMITS, "no OCEL 2.0 log"),
        (b"[" * 100_000, OF_PERMITS, "no OCEL 2.0 log"),
        (b'{"events": [{"id": 1}], "objects": []}', OF_PERMITS, "no OCEL 2.0 log"),
        (json.dumps(OCEL).encode(), OF_PERMITS.replace('"Permit"', '"Trip"'), "type 'Trip': it has 'Permit', 'Person'"),
        (json.dumps(OCEL).encode(), OF_PERMITS.replace('case = "Permit"', ""), "case is missing"),
        (json.dumps(OCEL).encode(), OF_PERMITS.replace("urgent", "urgency"), "the column 'urgency'"),
    ],
)
def test_a_log_that_does_not_fit_the_mapping_is_refused(
    tmp_path: Path, content: bytes, mapping: str, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        lines(ocel_reader, content, mapping, tmp_path)


def test_keys_of_the_mapping_that_an_event_log_would_ignore_are_refused(tmp_path: Path) -> None:
    content = log(trace("a", ASKED))
    with pytest.raises(Misconfigured, match="leave out case = 'Permit'"):
        lines(xes_reader, content, f'case = "Permit"{MAPPING}', tmp_path)
    with pytest.raises(Misconfigured, match="values: no column is read for 'command'"):
        lines(xes_reader, content, f'values.command = {{ asked = "x" }}\n{MAPPING}', tmp_path)
