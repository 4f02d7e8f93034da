"""Laws of folding, for any history of a request or an incident."""

import importlib.util
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import idempotency_key, number_series
from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES, DEPLOYMENT_REQUEST, EVENTS, INCIDENT, SCHEMAS, UPCASTERS, fold
from domain.deployment_request import events
from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import RequestStatus
from domain.idempotency_key import KeyClaimed
from domain.incident import events as incident_events
from domain.number_series import NumberAssigned
from domain.recorded_event import Recorded
from domain.vocabulary import (
    SYSTEM,
    AuthorityCode,
    Strength,
    Text,
)
from tests.domain.case import (
    CANAL,
    DAY,
    ENDORSED,
    HISTORIES,
    NOWHERE,
    REQUEST,
    SUBMITTED,
    WHY,
    amendment,
    approval,
    approver,
    begun,
    denial,
    endorsement,
    incident,
    requester,
    resumed,
    reviewer,
    second_reviewer,
    submission,
    withheld,
)
from tests.domain.every_event import DECIDED, OF_INCIDENTS, UNDECIDED, asked, endorsed_extension, notice, statement
from tests.specification import NOW, Past, given

FIRST = {type(endorsed_extension.event): asked, type(statement.event): notice}


def _possible(past: list[Past]) -> Iterator[Past]:
    """Only an extension that is asked for can be endorsed, and a statement follows a notice."""
    for each in past:
        yield from (FIRST[type(each.event)], each) if type(each.event) in FIRST else (each,)


orders = st.one_of(
    st.lists(st.sampled_from(UNDECIDED), max_size=8).map(lambda past: (submission(), *_possible(past))),
    st.tuples(st.lists(st.sampled_from(UNDECIDED), max_size=4), st.lists(st.sampled_from(DECIDED), max_size=6)).map(
        lambda parts: (submission(), *_possible(parts[0]), DECIDED[0], *_possible(parts[1]))
    ),
)
of_incidents = st.lists(st.sampled_from(OF_INCIDENTS), max_size=8).map(lambda past: (incident(), *past))


@for_all(orders, st.data())
def test_folding_a_part_and_then_the_rest_is_folding_all_of_a_request(past: tuple[Past, ...], data: Any) -> None:
    log = given(*past).register.log
    cut = data.draw(st.integers(0, len(log)))
    assert fold(DEPLOYMENT_REQUEST, log[cut:], fold(DEPLOYMENT_REQUEST, log[:cut])) == fold(DEPLOYMENT_REQUEST, log)


@for_all(of_incidents, st.data())
def test_folding_a_part_and_then_the_rest_is_folding_all_of_an_incident(past: tuple[Past, ...], data: Any) -> None:
    log = given(*past).register.log
    cut = data.draw(st.integers(0, len(log)))
    assert fold(INCIDENT, log[cut:], fold(INCIDENT, log[:cut])) == fold(INCIDENT, log)


@for_all(orders)
def test_a_state_counts_its_events_and_shows_when_it_last_changed(past: tuple[Past, ...]) -> None:
    log = given(*past).register.log
    state = fold(DEPLOYMENT_REQUEST, log)
    assert (state.version, state.updated_at, state.id) == (len(log), log[-1].recorded_at, REQUEST)


@for_all(orders)
def test_what_happened_is_in_the_same_order_in_the_state(past: tuple[Past, ...]) -> None:
    state = fold(DEPLOYMENT_REQUEST, given(*past).register.log)
    for positions in (
        state.because,
        [each.position for each in state.endorsements],
        [each.position for each in state.recusals],
        [each.position for each in state.authors],
    ):
        assert list(positions) == sorted(positions)


LATER = {type(past.event): past for past in (*UNDECIDED, *DECIDED, *OF_INCIDENTS)}


@pytest.mark.parametrize("kind", LATER, ids=lambda kind: kind.__name__)
def test_nothing_comes_before_what_a_stream_begins_with(kind: type[Any]) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__} at position 1 comes before (RequestSubmitted|IncidentRep)"):
        given(LATER[kind])


def test_these_laws_are_tried_on_every_event_of_requests_and_incidents() -> None:
    every = {*get_args(events.Event), *get_args(incident_events.Event)}
    assert every - LATER.keys() == {events.RequestSubmitted, incident_events.IncidentReported}


@pytest.mark.parametrize("past", DECIDED[1:3], ids=["questioned", "confirmed"])
def test_there_is_no_decision_to_question_or_confirm_before_there_is_one(past: Past) -> None:
    with pytest.raises(ValueError, match="pristina-2024-0001 has no decision yet"):
        given(*SUBMITTED, past)


def test_each_status_is_reached_and_shows_what_led_to_it() -> None:
    for status, history in HISTORIES.items():
        register = given(*history).register
        request = register.states[REQUEST]
        led = [type(register.log[position - 1].event).__name__ for position in request.because]
        assert (request.status, led[0]) == (status, "RequestSubmitted")
        assert len(led) == {RequestStatus.SUBMITTED: 1, RequestStatus.UNDER_REVIEW: 2}.get(status, len(led))
        assert "RequestEndorsed" not in led


def test_what_was_recorded_later_happened_when_it_is_said_to_have() -> None:
    imported = given(*ENDORSED).register.log[-1]
    earlier = Recorded(
        event=approval().event,
        stream=REQUEST,
        version=imported.version + 1,
        position=imported.position + 1,
        recorded_at=NOW,
        actor=approver,
        command=imported.command,
        correlation=imported.correlation,
        occurred_at=NOW - 400 * DAY,
    )
    state = fold(DEPLOYMENT_REQUEST, [earlier], given(*ENDORSED).register.states[REQUEST])
    assert (state.decision.decided_at, state.updated_at) == (NOW - 400 * DAY, NOW)
    assert state.decision.outcome is DecisionOutcome.APPROVED


def test_a_hold_ends_with_the_status_and_a_release_with_the_next_hold() -> None:
    released = (*SUBMITTED, begun, withheld(), resumed(SYSTEM))
    register = given(*released).register
    request, position = register.states[REQUEST], register.log[-1].position
    assert (request.hold, request.release.hold.awaiting, request.release.position) == (None, (CANAL,), position)
    for after in (withheld(), resumed(reviewer)):
        again = given(*released, after).register.states[REQUEST]
        assert again.release is None
        assert again.because[-1] == position + 1


def test_every_event_is_of_one_aggregate_and_has_one_schema() -> None:
    assert len(EVENTS) == sum(len(aggregate.events) for aggregate in AGGREGATES)
    assert set(SCHEMAS) == set(EVENTS)
    assert all(schema == 1 + sum(name == key for key, _ in UPCASTERS) for name, schema in SCHEMAS.items())


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.name)
def test_every_aggregate_has_upcasters_for_its_own_events_alone(aggregate: Aggregate) -> None:
    place = aggregate.events[0].__module__.replace(".events", ".upcasters")
    is_there = importlib.util.find_spec(place) is not None
    assert aggregate.upcasters == (getattr(importlib.import_module(place), "UPCASTERS", {}) if is_there else {})
    assert {name for name, _ in aggregate.upcasters} <= {event.__name__ for event in aggregate.events}


def test_numbers_and_claims_are_streams_of_their_own() -> None:
    stream = number_series.stream_of("pristina-2024")
    assigned = [Past(event=NumberAssigned(subject=NOWHERE), by=SYSTEM, on=stream)] * 3
    assert given(*assigned).register.states[stream].version == 3
    assert number_series.series(AuthorityCode("pristina"), 2024) == "pristina-2024"
    assert number_series.series(AuthorityCode("pristina"), 2024, kind="i") == "pristina-i-2024"
    key = idempotency_key.stream_of(AuthorityCode("pristina"), "a key")
    used = KeyClaimed(nonce="0", fingerprint="1", stream=NOWHERE, first_version=1, last_version=2)
    state = given(Past(event=used, by=requester, on=key)).register.states[key]
    assert (state.event, state.version) == (used, 1)
    assert key != idempotency_key.stream_of(AuthorityCode("kfor"), "a key")


def test_texts_are_equal_by_what_they_say_and_say_when_they_are_erased() -> None:
    assert (Text("a") == Text("a"), Text("a") == Text("b"), Text("a") == "a") == (True, False, False)
    assert len({Text("a"), Text("a"), Text(None)}) == 2
    assert (str(Text("a")), str(Text(None)), repr(Text("a"))) == ("a", "(erased)", "Text('a')")


def test_what_an_amendment_leaves_out_stays() -> None:
    request = given(*SUBMITTED, amendment, endorsement(second_reviewer, Recommendation.DENY, 2)).register.states[
        REQUEST
    ]
    assert (request.strength, request.revision, request.revised_at) == (Strength(100), 2, 8)
    assert (request.force, request.period) == (submission().event.force, submission().event.period)


def test_what_was_said_when_and_by_whom_is_kept() -> None:
    log = given(*ENDORSED, approval()).register.log
    request = fold(DEPLOYMENT_REQUEST, [each for each in log if each.stream == REQUEST])
    submitted, _, endorsed, approved = (each for each in log if each.stream == REQUEST)
    assert (request.purpose, request.revised_at) == (submission().event.purpose, submitted.position)
    (one,) = request.endorsements
    assert (one.reason, one.position, one.endorsed_at) == (WHY, endorsed.position, endorsed.recorded_at)
    assert (request.decision.reason, request.decision.position) == (WHY, approved.position)
    held = given(*SUBMITTED, begun, withheld()).register
    hold = held.states[REQUEST].hold
    assert (hold.reason, hold.position, hold.held_since) == (WHY, held.log[-1].position, held.log[-1].recorded_at)
    denied = given(*SUBMITTED, begun, denial).register
    decision, last = denied.states[REQUEST].decision, denied.log[-1]
    assert (decision.reason, decision.decided_by, decision.decided_at, decision.position) == (
        WHY, approver, last.recorded_at, last.position,
    )  # fmt: skip
