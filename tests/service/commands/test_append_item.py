"""What a decision appends: its events with their metadata, and the versions that it rests on."""

from uuid import UUID

from domain.attempt import StreamEvent
from domain.authority import Authority
from domain.deployment_request.commands import RemarkOnRequest
from domain.deployment_request.events import RequestRemarked
from domain.number_series import NumberAssigned
from domain.recorded_event import CommandRef
from service.commands.append_item import consulted_versions, to_unrecorded
from service.commands.envelope import CommandEnvelope
from tests.domain.case import REQUEST, SUBMITTED, WHY, requester
from tests.specification import NOW, given

STATE = given(*SUBMITTED).register.states[REQUEST]
NUMBERS, READ, UNREAD = (UUID(int=n) for n in (1, 2, 3))
REMARKED = RequestRemarked(reason=WHY)
ENVELOPE = CommandEnvelope(command=RemarkOnRequest(reason=WHY), actor=requester, subject=REQUEST)


def test_events_follow_their_streams_and_each_other() -> None:
    streams: list[StreamEvent] = [(REQUEST, REMARKED), (NUMBERS, NumberAssigned(subject=REQUEST)), (REQUEST, REMARKED)]
    events = to_unrecorded(ENVELOPE, streams, {REQUEST: STATE, NUMBERS: None}, requester)
    assert [(each.stream, each.version, each.event) for each in events] == [
        (REQUEST, 2, REMARKED),
        (NUMBERS, 1, NumberAssigned(subject=REQUEST)),
        (REQUEST, 3, REMARKED),
    ]
    [command] = {each.command.id for each in events}
    assert [each.command for each in events] == [
        CommandRef(name="RemarkOnRequest", id=command, n=n, of=3) for n in (1, 2, 3)
    ]
    assert {(each.actor, each.correlation, each.causation, each.occurred_at) for each in events} == {
        (requester, command, None, None)
    }


def test_the_fields_of_the_envelope_are_recorded() -> None:
    envelope = CommandEnvelope(
        command=ENVELOPE.command,
        actor=requester,
        subject=REQUEST,
        command_id=UUID(int=7),
        correlation=UUID(int=8),
        causation=9,
        occurred_at=NOW,
    )
    [event] = to_unrecorded(envelope, [(REQUEST, REMARKED)], {REQUEST: STATE}, requester)
    assert (event.command.id, event.correlation, event.causation, event.occurred_at) == (
        UUID(int=7), UUID(int=8), 9, NOW,
    )  # fmt: skip


def test_streams_read_and_not_written_are_consulted() -> None:
    read = given(*SUBMITTED).register.states
    authority = next(state for state in read.values() if isinstance(state, Authority))
    states = {REQUEST: STATE, READ: authority, UNREAD: None}
    assert consulted_versions(states, to_unrecorded(ENVELOPE, [(REQUEST, REMARKED)], states, requester)) == (
        (READ, 1),
        (UNREAD, 0),
    )
