"""The trail: every event that is shown, in order, filtered, in pages, and for each viewer what they may see of it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import AGGREGATE_OF, CLAIM, NUMBERING
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, Actor
from projections import audit_trail, audit_trail_queries
from projections.audit_entries import subject_of
from projections.audit_trail import AuditEntry
from projections.audit_trail_queries import AuditTrailFilter
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model
from tests.projections.world import World


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Histories(23)
    shared_world.append([histories.opening(), *histories.items(250)])
    shared_world.apply([audit_trail.VIEW], block=60)
    shared_world.apply()
    return shared_world


def told(model: Model, who: Actor) -> list[Recorded[Any]]:
    """The events that somebody may see, by the states alone."""
    looks = model.viewer(who)

    def sees(recorded: Recorded[Any]) -> bool:
        state = model.now[recorded.stream]
        if isinstance(state, Incident) and isinstance(recorded.event, EvidenceRecorded):
            piece = next(each for each in state.evidence if each.id == recorded.event.evidence)
            return looks.sees(state.audience) and looks.sees(state.audience_of(piece))
        return not isinstance(state, DeploymentRequest | Incident) or looks.sees(state.audience)

    hidden = (NUMBERING, CLAIM)
    return [each for each in model.log if AGGREGATE_OF[type(each.event)] not in hidden and sees(each)]


def test_everybody_finds_what_they_may_see_in_the_order_of_the_log(recorded: World) -> None:
    model = Model(recorded.log())
    for who in ACTORS:
        found = recorded.ask(who, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
        expected = told(model, who)
        assert [place(entry) for entry in found] == [
            (each.position, subject_of(each), each.version, type(each.event).__name__, each.recorded_at, each.actor)
            for each in expected
        ]
        assert [(entry.correlation, entry.causation, entry.occurred_at) for entry in found] == [
            (each.correlation, each.causation, each.occurred_at) for each in expected
        ]


def place(entry: AuditEntry) -> tuple[Any, ...]:
    return (entry.position, entry.subject, entry.version, entry.type, entry.recorded_at, entry.actor)


def test_filters_narrow(recorded: World) -> None:
    log = told(Model(recorded.log()), SYSTEM)
    some = log[100]
    wanted: list[tuple[AuditTrailFilter, Callable[[Recorded[Any]], bool]]] = [
        (AuditTrailFilter(actor="p3"), lambda each: each.actor.subject == "p3"),
        (AuditTrailFilter(authority="bravo"), lambda each: each.actor.authority == "bravo"),
        (
            AuditTrailFilter(type=["RequestSubmitted", "MandateGranted"]),
            lambda each: type(each.event).__name__ in NAMED,
        ),
        (AuditTrailFilter(subject=subject_of(some)), lambda each: subject_of(each) == subject_of(some)),
        (AuditTrailFilter(correlation_id=some.correlation), lambda each: each.correlation == some.correlation),
        (AuditTrailFilter(recorded_from=some.recorded_at), lambda each: each.recorded_at >= some.recorded_at),
        (AuditTrailFilter(recorded_until=some.recorded_at), lambda each: each.recorded_at < some.recorded_at),
        (
            AuditTrailFilter(actor="p3", type=["RequestSubmitted"]),
            lambda e: e.actor.subject == "p3" and by_name(e) == NAMED[0],
        ),
    ]
    questions = [partial(audit_trail_queries.page, wanted=chosen, limit=10_000) for chosen, _ in wanted]
    for (chosen, keeps), found in zip(wanted, recorded.ask_all(SYSTEM, questions), strict=True):
        expected = [each.position for each in log if keeps(each)]
        assert expected
        assert [entry.position for entry in found] == expected, chosen


NAMED = ("RequestSubmitted", "MandateGranted")


def by_name(recorded: Recorded[Any]) -> str:
    return type(recorded.event).__name__


def test_pages_and_histories_go_on_from_a_position(recorded: World) -> None:
    everything = recorded.ask(SYSTEM, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
    assert (
        recorded.ask(
            SYSTEM, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=9, after=everything[40].position)
        )
        == everything[41:50]
    )
    subjects = {entry.subject for entry in everything[:30]}
    found = recorded.ask(SYSTEM, partial(audit_trail_queries.histories, subjects=subjects, limit=3, after=40))
    for subject in subjects:
        own = [entry for entry in everything if entry.subject == subject and entry.position > 40]
        assert [entry for entry in found if entry.subject == subject] == own[:3]
    chosen = [entry.position for entry in everything[::17]]
    at = recorded.ask(SYSTEM, partial(audit_trail_queries.at_positions, positions=chosen))
    assert [entry.position for entry in at] == chosen


def test_what_a_viewer_may_not_see_is_left_out_and_named(recorded: World) -> None:
    """Nobody is told an id of an incident, or of a piece of evidence, that they may not see."""
    model = Model(recorded.log())
    redacted = 0
    for who in ACTORS:
        looks = model.viewer(who)
        visible = visible_ids(model, who)
        entries = recorded.ask(who, partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=10_000))
        mentions = {mention for entry in entries for mention in entry.mentions}
        seen = set(recorded.ask(who, partial(audit_trail_queries.seen, mentions=mentions)))
        assert seen == mentions & visible
        for entry in entries:
            shown = audit_trail.visible_to(looks, entry, seen)
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
            shown = audit_trail.visible_to(looks, entry, set(entry.mentions))
            assert (shown.reason is not None, "reason" in shown.payload, shown.redactions) == (
                may, may, () if may else ("reason",)
            )  # fmt: skip
            read[may] += 1
    assert min(read.values()) > 0
