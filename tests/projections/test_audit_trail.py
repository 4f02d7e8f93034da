"""The trail: every event that is shown, in order, filtered, in pages, and for each viewer what they may see of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import AGGREGATE_OF, CLAIM, NUMBERING, own_audience
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import internal_parts, undisclosed
from domain.incident.events import OfEvidence
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, Actor, Subject
from projections.rows.audit_entries import subject_of
from projections.views import audit_trail, audit_trail_queries
from projections.views.audit_trail import AuditEntry
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model
from tests.projections.world import World


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Histories(23, markings=True)
    shared_world.append([histories.opening(), *histories.items(250)])
    shared_world.apply([audit_trail.VIEW], block=60)
    shared_world.apply()
    return shared_world


def visible_events(model: Model, who: Actor) -> list[Recorded[Any]]:
    """The events that somebody may see, by the states alone."""
    looks = model.viewer(who)

    def sees(recorded: Recorded[Any]) -> bool:
        state = model.now[recorded.stream]
        if (seen_by := own_audience(recorded.event)) is not None:
            return looks.sees(seen_by)
        if isinstance(state, Incident) and isinstance(recorded.event, OfEvidence):
            piece = next(each for each in state.evidence if each.id == recorded.event.evidence)
            return looks.sees(state.audience) and looks.sees(state.audience_of(piece))
        return not isinstance(state, DeploymentRequest | Incident) or looks.sees(state.audience)

    hidden = (NUMBERING, CLAIM)
    return [each for each in model.log if AGGREGATE_OF[type(each.event)] not in hidden and sees(each)]


def actor_of(model: Model, who: Actor, recorded: Recorded[Any]) -> Actor:
    """Who acted, as far as somebody may know."""
    state = model.now[recorded.stream]
    if not isinstance(state, DeploymentRequest) or model.viewer(who).sees(state.deliberations.readers):
        return recorded.actor
    parts = internal_parts(state.deliberations, recorded.event, recorded.actor)
    return undisclosed(recorded.actor.authority) if "actor" in parts else recorded.actor


def test_every_viewer_reads_what_they_may_see_in_log_order(recorded: World) -> None:
    model = Model(recorded.log())
    for who in ACTORS:
        found = recorded.ask(who, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
        expected = visible_events(model, who)
        assert [place(entry) for entry in found] == [
            (
                each.position,
                subject_of(each),
                each.version,
                type(each.event).__name__,
                each.recorded_at,
                actor_of(model, who, each),
            )
            for each in expected
        ]
        assert [(entry.correlation, entry.causation, entry.occurred_at) for entry in found] == [
            (each.correlation, each.causation, each.occurred_at) for each in expected
        ]
        assert recorded.ask(who, partial(audit_trail_queries.count, wanted=AuditTrailFilter())) == [len(expected)]
        lengths = partial(audit_trail_queries.history_lengths, subjects={subject_of(each) for each in expected})
        assert dict(recorded.ask(who, lengths)) == Counter(map(subject_of, expected))


def place(entry: AuditEntry) -> tuple[Any, ...]:
    return (entry.position, entry.subject, entry.version, entry.type, entry.recorded_at, entry.actor)


def test_filters_narrow(recorded: World) -> None:
    log = visible_events(Model(recorded.log()), SYSTEM)
    some = log[100]
    middle = sorted(map(happened_at, log))[len(log) // 2]
    assert any(each.occurred_at and each.recorded_at >= middle > each.occurred_at for each in log)
    wanted: list[tuple[AuditTrailFilter, Callable[[Recorded[Any]], bool]]] = [
        (AuditTrailFilter(actor="p3"), lambda each: each.actor.subject == "p3"),
        (
            AuditTrailFilter(on_behalf_of=("mandate", Subject("p2"))),
            lambda each: each.actor.on_behalf_of == ("mandate", "p2"),
        ),
        (AuditTrailFilter(authority="bravo"), lambda each: each.actor.authority == "bravo"),
        (
            AuditTrailFilter(type=["RequestSubmitted", "MandateGranted"]),
            lambda each: type(each.event).__name__ in NAMED,
        ),
        (AuditTrailFilter(subject=subject_of(some)), lambda each: subject_of(each) == subject_of(some)),
        (AuditTrailFilter(correlation_id=some.correlation), lambda each: each.correlation == some.correlation),
        (AuditTrailFilter(recorded_from=some.recorded_at), lambda each: each.recorded_at >= some.recorded_at),
        (AuditTrailFilter(recorded_until=some.recorded_at), lambda each: each.recorded_at < some.recorded_at),
        (AuditTrailFilter(occurred_from=middle), lambda each: happened_at(each) >= middle),
        (AuditTrailFilter(occurred_until=middle), lambda each: happened_at(each) < middle),
        (
            AuditTrailFilter(type=["RequestSubmitted"], occurred_until=middle),
            lambda each: by_name(each) == NAMED[0] and happened_at(each) < middle,
        ),
        (
            AuditTrailFilter(actor="p3", type=["RequestSubmitted"]),
            lambda e: e.actor.subject == "p3" and by_name(e) == NAMED[0],
        ),
    ]
    questions = [partial(audit_trail_queries.page, wanted=chosen, limit=10_000) for chosen, _ in wanted]
    counts = recorded.ask_all(SYSTEM, [partial(audit_trail_queries.count, wanted=chosen) for chosen, _ in wanted])
    for (chosen, keeps), found, counted in zip(wanted, recorded.ask_all(SYSTEM, questions), counts, strict=True):
        expected = [each.position for each in log if keeps(each)]
        assert expected
        assert [entry.position for entry in found] == expected, chosen
        assert counted == [len(expected)], chosen


NAMED = ("RequestSubmitted", "MandateGranted")


def happened_at(recorded: Recorded[Any]) -> datetime:
    return recorded.occurred_at or recorded.recorded_at


def by_name(recorded: Recorded[Any]) -> str:
    return type(recorded.event).__name__


def test_pages_and_histories_continue_from_a_position(recorded: World) -> None:
    everything = recorded.ask(SYSTEM, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
    page = partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=9)
    after, before = everything[40].position, everything[47].position
    for part, expected in [
        (PositionRange(after=after), everything[41:50]),
        (PositionRange(after=after, before=before), everything[41:47]),
        (PositionRange(after=after, before=before, newest_first=True), everything[41:47][::-1]),
        (PositionRange(newest_first=True), everything[-9:][::-1]),
    ]:
        assert recorded.ask(SYSTEM, partial(page, part=part)) == expected
    subjects = {entry.subject for entry in everything[:30]}
    part = PositionRange(after=40)
    histories = partial(audit_trail_queries.histories, subjects=subjects, limit=3)
    found = recorded.ask(SYSTEM, partial(histories, part=part))
    newest = recorded.ask(SYSTEM, partial(histories, part=replace(part, newest_first=True)))
    for subject in subjects:
        own = [entry for entry in everything if entry.subject == subject and entry.position > 40]
        assert [entry for entry in found if entry.subject == subject] == own[:3]
        assert [entry for entry in newest if entry.subject == subject] == own[::-1][:3]
    chosen = [entry.position for entry in everything[::17]]
    at = recorded.ask(SYSTEM, partial(audit_trail_queries.at_positions, positions=chosen))
    assert [entry.position for entry in at] == chosen


def test_hidden_values_are_redacted_and_named(recorded: World) -> None:
    """Ids of incidents and evidence that the viewer may not see are redacted."""
    model = Model(recorded.log())
    redacted = 0
    for who in ACTORS:
        visible = visible_ids(model, who)
        entries = recorded.ask(who, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
        mentions = {mention for entry in entries for mention in entry.mentions}
        seen = set(recorded.ask(who, partial(audit_trail_queries.seen, mentions=mentions)))
        assert seen == mentions & visible
        for entry in entries:
            shown = audit_trail.visible_to(entry, seen)
            text = f"{shown.payload} {shown.changes}"
            assert [str(mention) for mention in mentions - seen if str(mention) in text] == []
            redacted += len(shown.redactions)
            if not shown.redactions:
                assert shown.payload == entry.payload
    assert redacted > 10


def visible_ids(model: Model, who: Actor) -> set[UUID]:
    looks = model.viewer(who)
    incidents = model.seen(who, Incident)
    pieces = {piece.id for each in incidents for piece in each.evidence if looks.sees(each.audience_of(piece))}
    return {incident.id for incident in incidents} | pieces


def test_an_internal_remark_is_read_by_the_decider_and_auditors_alone(recorded: World) -> None:
    model = Model(recorded.log())
    remarks = [each for each in model.log if by_name(each) == "RequestRemarked" and each.event.internal]
    read = {True: 0, False: 0}
    for who in ACTORS:
        looks = model.viewer(who)
        for entry in recorded.ask(
            who, partial(audit_trail_queries.at_positions, positions=[r.position for r in remarks])
        ):
            state = model.now[entry.subject]
            may = looks.sees(frozenset({f"authority:{state.deciding_authority}", "auditors"}))
            shown = audit_trail.visible_to(entry, set(entry.mentions))
            assert (shown.reason is not None, "reason" in shown.payload, shown.redactions) == (
                may, may, () if may else ("actor", "reason")
            )  # fmt: skip
            assert (entry.actor.subject == "undisclosed") is not may
            read[may] += 1
    assert min(read.values()) > 0
