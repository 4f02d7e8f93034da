"""The items of a state as rows, and back, without a database: at every version, however events are gathered."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION, fold
from domain.deployment_request.events import FulfilmentReported
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import Text
from projections.rows.partial_states import DISCLOSED_WHOLE, KEYS, OF_LAST_ITEM
from projections.rows.state_items import GROWING, item_rows, reader_with_items, without_texts
from projections.tables.row_documents import UNREAD, encode
from projections.tables.view import Values, View
from projections.views import audit_trail, authorities, deployment_requests, incidents
from service.event_store.records import AppendItem
from tests.projections.chance import START
from tests.projections.histories import Histories
from tests.projections.item_states import VIEWS, piece

VIEW_OF = {
    DEPLOYMENT_REQUEST.name: deployment_requests.VIEW,
    INCIDENT.name: incidents.VIEW,
    JURISDICTION.name: authorities.VIEW,
}


def streams(items: Sequence[AppendItem]) -> dict[UUID, list[Recorded[Any]]]:
    """As if they had been recorded, one after the other."""
    found: dict[UUID, list[Recorded[Any]]] = {}
    for position, event in enumerate((event for item in items for event in item.events), start=1):
        recorded = Recorded(
            event=event.event, stream=event.stream, version=event.version, position=position, recorded_at=START,
            actor=event.actor, command=event.command, correlation=event.correlation, occurred_at=event.occurred_at,
        )  # fmt: skip
        found.setdefault(event.stream, []).append(recorded)
    return found


def in_parts(events: Sequence[Recorded[Any]], chance: Random) -> Iterator[Sequence[Recorded[Any]]]:
    while events:
        length = chance.randint(1, 4)
        yield events[:length]
        events = events[length:]


def folded(view: View, events: Sequence[Recorded[Any]], chance: Random) -> tuple[list[Values], list[Values], Any]:
    """The rows of versions and of items that a follower adds, however it gathers the events; and what it keeps."""
    versions, items, state = list[Values](), list[Values](), None
    memory = view.memories[view.kind(events[0])]
    assert memory.items is not None
    for part in in_parts(events, chance):
        made = view.fold(state, part)
        versions += made.rows[memory.table]
        items += made.rows[memory.items]
        state = made.state
    return versions, items, state


def encoded_items(items: Sequence[Values], version: int) -> str | None:
    """As a statement tells the items that were there at a version."""
    there = sorted((row for row in items if row[1] <= version), key=lambda row: row[1])
    parts = (f'["{row[2]}",{row[3]},{row[4]},{row[5] if isinstance(row[5], str) else "null"}]' for row in there)
    return f"[{','.join(parts)}]" if there else None


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 10**9))
def test_every_version_is_read_back_as_it_was_folded(seed: int) -> None:
    histories = Histories(seed)
    made = [histories.opening(), *histories.items(60)]
    for events in streams(made).values():
        aggregate = AGGREGATE_OF[type(events[0].event)]
        view = VIEW_OF.get(aggregate.name)
        if view is None:
            continue
        versions, items, kept = folded(view, events, Random(seed))
        read = view.memories[aggregate.name].read
        for version, row in enumerate(versions, start=1):
            assert read(row[-1], encoded_items(items, version)) == fold(aggregate, events[:version])
        assert kept == without_texts(fold(aggregate, events))


@pytest.mark.parametrize(("view", "kind"), [(deployment_requests, DeploymentRequest), (incidents, Incident)])
def test_fields_without_items_are_decoded_as_in_the_whole_state(view: Any, kind: Any) -> None:
    """Each alone, and all together."""
    histories, compared = Histories(9), set[str]()
    of_last = frozenset(OF_LAST_ITEM.get(kind, ()))
    whole_only = {each.name for each in GROWING[kind]} | DISCLOSED_WHOLE.get(kind, frozenset())
    names = of_last | {field.name for field in fields(kind)} - whole_only
    readers = {chosen: view.SUBJECTS.reader(chosen) for chosen in (names, *(frozenset({name}) for name in names))}
    made = [histories.opening(), *histories.items(300)]
    for events in streams(made).values():
        aggregate = AGGREGATE_OF[type(events[0].event)]
        if aggregate not in view.VIEW.by_stream:
            continue
        versions, _, _ = folded(view.VIEW, events, Random(9))
        for version, row in enumerate(versions, start=1):
            whole = fold(aggregate, events[:version])
            for chosen, read in readers.items():
                part = read(row[-1])
                for name in chosen:
                    assert is_same(getattr(part, name), getattr(whole, name))
                    compared.add(name)
                others = names - chosen - of_last - KEYS
                assert not any(hasattr(part, name) for name in others)
    assert compared == names


def is_same(part: Any, whole: Any) -> bool:
    """A decision is decoded without its conditions, which are items."""
    if not isinstance(part, msgspec.Struct):
        return bool(part == whole)
    assert {field.name for field in fields(whole)} - {*part.__struct_fields__} == {"conditions"}
    return all(getattr(part, name) == getattr(whole, name) for name in part.__struct_fields__)


@pytest.mark.parametrize(("view", "kind"), [(deployment_requests, DeploymentRequest), (incidents, Incident)])
def test_items_need_whole_states(view: Any, kind: Any) -> None:
    assert all(view.SUBJECTS.reader(frozenset({each.name})) is None for each in GROWING[kind])


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_followers_keep_no_text_of_an_item_but_of_the_finding_that_stands(view: View) -> None:
    histories = Histories(8)
    made = [histories.opening(), *histories.items(300)]
    for events in streams(made).values():
        if AGGREGATE_OF[type(events[0].event)] not in view.by_stream:
            continue
        state = view.fold(None, events).state
        for growing in GROWING.get(type(state), ()):
            if growing.name == "evidence":
                assert all(piece.summary is UNREAD for piece in state.evidence)
            if growing.name == "endorsements":
                assert all(each.reason is UNREAD for each in state.endorsements)
            if growing.name == "findings":
                assert all(each.finding is None or each.finding.basis is UNREAD for each in state.findings[:-1])


def test_a_text_that_is_unread_is_never_written() -> None:
    with pytest.raises(TypeError):
        encode(UNREAD)
    assert UNREAD not in (Text(None), Text("UNREAD"))


def test_removed_items_are_not_read() -> None:
    """No event of today takes an item away: the form of storage allows for it."""
    before = incident_with(evidence=3)
    after = replace(before, version=before.version + 1, evidence=before.evidence[:1])
    table = incidents.incident_items
    events = [made_up(before, version) for version in (1, 2)]
    rows = [
        *item_rows(table, before.id, events[0], None, before, []),
        *item_rows(table, before.id, events[1], before, after, []),
    ]
    read = reader_with_items(Incident)
    document = incidents.values(before, events[0], None, [])[-1]
    assert '"evidence":[]' in document
    assert read(document, encoded_items(rows, 1)) == before
    assert read(document, encoded_items(rows, 2)).evidence == after.evidence


def test_items_of_which_one_is_missing_are_refused() -> None:
    state = incident_with(evidence=3)
    rows = [*item_rows(incidents.incident_items, state.id, made_up(state, 1), None, state, [])]
    there = [row for row in rows if row[2:4] != ("evidence", 1)]
    with pytest.raises(ValueError, match="items are missing"):
        reader_with_items(Incident)(incidents.values(state, made_up(state, 1), None, [])[-1], encoded_items(there, 1))


def incident_with(evidence: int) -> Incident:
    histories = Histories(5)
    reported = next(made for made in iter(histories.item, None) if AGGREGATE_OF[type(made.events[0].event)] is INCIDENT)
    [(stream, [first])] = streams([reported]).items()
    pieces = [replace(first, event=piece(n), version=n + 2) for n in range(evidence)]
    state = fold(INCIDENT, [first, *pieces])
    assert isinstance(state, Incident)
    assert state.id == stream
    return state


def made_up(state: Incident, version: int) -> Recorded[Any]:
    histories = Histories(6)
    event = next(iter(histories.opening().events))
    return next(iter(streams([AppendItem(events=(replace(event, stream=state.id, version=version),))]).values()))[0]


def test_a_report_that_replaces_another_is_reported_with_the_one_before() -> None:
    """Whatever is folded at once: what an event replaces is not among the texts that followers leave behind."""
    histories = Histories(104)
    made = [histories.opening()]
    while not isinstance(made[-1].events[-1].event, FulfilmentReported):
        made += histories.items(1)
    first, report = made[-1].events[-1], made[-1].events[-1].event
    assert isinstance(report, FulfilmentReported)
    events = streams(made)[first.stream]
    again = replace(
        events[-1],
        version=events[-1].version + 1,
        position=events[-1].position + 1,
        event=replace(report, report=Text("Another.")),
    )
    folded_again = audit_trail.fold(audit_trail.fold(None, events).state, [again])
    document = folded_again.rows[audit_trail.table][-1][-1]
    [change] = [each for each in json.loads(document)[1] if each["path"].endswith("fulfilmentReport")]
    assert (change["before"], change["after"]) == (report.report.value, "Another.")
