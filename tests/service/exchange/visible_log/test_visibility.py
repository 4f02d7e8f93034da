"""What a viewer may see of each stream, as of a position, and what is cached of it."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import authority, jurisdiction
from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Marking, Region, Role
from service.event_store.records import AppendConflict, AppendItem, UnrecordedEvent
from service.event_store.store import EventStore
from service.exchange.visible_log.visibility import STREAM_BYTES, Visibility, VisibleStream
from tests.domain.case import (
    CANAL,
    EVIDENCE,
    KFOR,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    XK,
    auditor,
    evidence,
    incident,
    investigator,
    mandate,
    person,
    remark,
    requester,
    reviewer,
    stranger,
    submission,
)
from tests.specification import NOW, Past, given

outsider = person("outsider", AuthorityCode("unregistered"), Role.OBSERVER)
RED_EVIDENCE = evidence(by=investigator, marking=Marking.RED)


def fill(store: EventStore, *past: Past, skipped: int = 0) -> list[Recorded[Any]]:
    """Records these events, but for the first that are skipped, since they are recorded already."""
    log = given(*past).register.log
    for each in log[skipped:]:
        event = UnrecordedEvent(
            stream=each.stream,
            version=each.version,
            event=each.event,
            actor=each.actor,
            command=each.command,
            correlation=each.correlation,
        )
        assert not isinstance(store.append(AppendItem(events=(event,))), AppendConflict)
    return log


def seen(store: EventStore, actor: Actor, stream: UUID, present: int = 1_000) -> VisibleStream:
    return Visibility(store, actor, NOW, present).of([stream])[stream]


def test_every_stream_has_a_name_and_a_beginning(store: EventStore) -> None:
    fill(store, *SUBMITTED, remark)
    streams = (authority.stream_of(KFOR), jurisdiction.stream_of(XK), CANAL, REQUEST)
    for actor in (SYSTEM, reviewer):
        found = Visibility(store, actor, NOW, 1_000).of([*streams, uuid4()])
        assert [(stream, each.aggregate, each.name, each.opened_at) for stream, each in found.items()] == [
            (streams[0], AUTHORITY, "kfor", 1),
            (streams[1], JURISDICTION, "xk", 5),
            (streams[2], INCIDENT, "pristina-i-2024-0001", 6),
            (streams[3], DEPLOYMENT_REQUEST, "pristina-2024-0001", 7),
        ]
        assert all(each.visible and not each.hidden for each in found.values())


@pytest.mark.parametrize(
    ("actor", "request_visible", "reads_internal"),
    [(requester, True, False), (reviewer, True, True), (auditor, True, True), (stranger, False, False)],
)
def test_a_request_and_its_internal_remarks(
    store: EventStore, actor: Actor, request_visible: bool, reads_internal: bool
) -> None:
    fill(store, *SUBMITTED)
    found = seen(store, actor, REQUEST)
    assert (found.visible, found.deliberations is None, found.hidden) == (request_visible, reads_internal, frozenset())
    assert seen(store, actor, authority.stream_of(KFOR)).visible


def test_green_is_visible_to_persons_of_registered_authorities(store: EventStore) -> None:
    fill(store, *REGISTERED, mandate(), incident(marking=Marking.GREEN), submission(marking=Marking.GREEN))
    for stream in (CANAL, REQUEST):
        assert [seen(store, actor, stream).visible for actor in (stranger, outsider)] == [True, False]


def test_evidence_that_is_not_for_the_viewer_is_hidden(store: EventStore) -> None:
    fill(store, *REPORTED, RED_EVIDENCE)
    for actor, hidden in ((investigator, frozenset()), (requester, {EVIDENCE}), (SYSTEM, frozenset())):
        found = seen(store, actor, CANAL)
        assert (found.visible, found.hidden) == (True, hidden)


def test_a_current_mandate_over_the_region_grants_visibility(store: EventStore) -> None:
    far = incident(region=Region("zz"), covered_by=())
    fill(store, *REGISTERED, far, mandate(Region("zz"), of=THIRD))
    assert seen(store, stranger, CANAL).visible
    assert not seen(store, stranger, CANAL, present=len(REGISTERED) + 1).visible
    assert (
        not Visibility(store, stranger, mandate().event.valid_from.replace(year=1990), 1_000).of([CANAL])[CANAL].visible
    )


def test_events_after_the_last_position_are_not_visible(store: EventStore) -> None:
    log = fill(store, *REPORTED, RED_EVIDENCE, submission())
    before = Visibility(store, requester, NOW, log[-1].position - 2)
    assert before.of([CANAL, REQUEST]).keys() == {CANAL}
    assert before.of([CANAL])[CANAL].hidden == frozenset()
    assert Visibility(store, requester, NOW, log[-1].position).of([REQUEST]).keys() == {REQUEST}


def test_the_operator_takes_note_of_what_begins_and_reads_nothing_of_it(store: EventStore) -> None:
    begun = given(*REPORTED).register.log[-1]
    operator = Visibility(store, SYSTEM, NOW, 1_000)
    operator.note(replace(begun, version=2))
    assert operator.of([CANAL]) == {}
    operator.note(begun)
    assert operator.of([CANAL]) == {
        CANAL: VisibleStream(aggregate=INCIDENT, name="pristina-i-2024-0001", opened_at=begun.position)
    }
    viewer = Visibility(store, reviewer, NOW, 1_000)
    viewer.note(begun)
    assert viewer.of([CANAL]) == {}


def test_recently_read_subjects_are_not_read_again(store: EventStore) -> None:
    fill(store, *SUBMITTED)
    other = authority.stream_of(KFOR)
    lately = Visibility(store, requester, NOW, 1_000, most_bytes=3 * STREAM_BYTES - 1)
    assert not lately.of([CANAL, other])[CANAL].hidden
    fill(store, *SUBMITTED, RED_EVIDENCE, skipped=len(SUBMITTED))
    assert not lately.of([CANAL])[CANAL].hidden, "cached"
    assert lately.of([CANAL, REQUEST]).keys() == {CANAL, REQUEST}, "one cached, the other read"
    assert not lately.of([CANAL])[CANAL].hidden, "the other was asked for less lately"
    lately.of([other, REQUEST])
    assert lately.of([CANAL])[CANAL].hidden == {EVIDENCE}
