"""Aggregate: the persons who may not use the register, whatever tokens they hold. One stream, so that each process can
follow it.

Nobody blocks themselves: whoever blocks the last other administrator remains.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.authority import by_administrator, by_operator_or, own_authority_is_registered
from domain.decider import Context, Opening, Verdict
from domain.recorded_event import Recorded
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import AuthorityCode, Label, Person, Subject, Text, derived_id

STREAM: Final = derived_id("blocked persons", "")
MOST: Final = 10_000
"""Persons who are blocked at once. Each process keeps them in memory."""


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonBlocked:
    """authority: the one that the actor acted for."""

    authority: AuthorityCode
    issuer: Label
    subject: Subject
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnblocked:
    authority: AuthorityCode
    issuer: Label
    subject: Subject
    reason: Text


Event = PersonBlocked | PersonUnblocked


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedPersons:
    """persons: (issuer, subject)."""

    version: int
    persons: frozenset[tuple[str, str]] = frozenset()


def evolve(state: BlockedPersons | None, recorded: Recorded[Event]) -> BlockedPersons:
    before = state.persons if state else frozenset[tuple[str, str]]()
    person = {(recorded.event.issuer, recorded.event.subject)}
    after = before | person if isinstance(recorded.event, PersonBlocked) else before - person
    return BlockedPersons(version=recorded.version, persons=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPerson:
    issuer: Label
    subject: Subject
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockPerson:
    issuer: Label
    subject: Subject
    reason: Text


Command = BlockPerson | UnblockPerson


def block(command: BlockPerson, state: BlockedPersons | None, context: Context) -> tuple[Event, ...]:
    return (
        PersonBlocked(
            authority=context.actor.authority, issuer=command.issuer, subject=command.subject, reason=command.reason
        ),
    )


def unblock(command: UnblockPerson, state: BlockedPersons | None, context: Context) -> tuple[Event, ...]:
    return (
        PersonUnblocked(
            authority=context.actor.authority, issuer=command.issuer, subject=command.subject, reason=command.reason
        ),
    )


def _is_not_blocked(context: Context) -> Verdict:
    """The state decides, not the moment at which the actor's token was checked: two cannot block each other."""
    met = not is_blocked(context.actor.person, context)
    return Verdict(rule="BLOCKED", met=met, description="You are blocked.")


def _is_another(command: BlockPerson, state: BlockedPersons | None, context: Context) -> Problems:
    if not context.actor.is_system and (command.issuer, command.subject) in context.actor.persons:
        yield FieldProblem(path="subject", message="You cannot block yourself: another administrator can.")


def _is_free(command: BlockPerson, state: BlockedPersons | None, context: Context) -> Problems:
    if (command.issuer, command.subject) in _persons(state):
        yield FieldProblem(path="subject", message=f"'{command.subject}' of '{command.issuer}' is blocked already.")


def _has_room(command: BlockPerson, state: BlockedPersons | None, context: Context) -> Problems:
    if len(_persons(state)) >= MOST:
        yield FieldProblem(path="subject", message=f"{MOST:,} persons are blocked, the maximum: unblock some.")


def _is_blocked(command: UnblockPerson, state: BlockedPersons | None, context: Context) -> Problems:
    if (command.issuer, command.subject) not in _persons(state):
        yield FieldProblem(path="subject", message=f"'{command.subject}' of '{command.issuer}' is not blocked.")


def is_blocked(person: Person, context: Context) -> bool:
    return person in _persons(context.read(BlockedPersons, STREAM))


def _persons(state: BlockedPersons | None) -> frozenset[tuple[str, str]]:
    return state.persons if state else frozenset()


def _stream_of(command: Command) -> UUID:
    return STREAM


_PERMITS: Final = (by_operator_or(by_administrator), by_operator_or(own_authority_is_registered), _is_not_blocked)

OPENINGS = (
    Opening(
        command=BlockPerson,
        stream_of=_stream_of,
        permits=_PERMITS,
        checks=(_is_another, _is_free, _has_room),
        record=block,
    ),
    Opening(command=UnblockPerson, stream_of=_stream_of, permits=_PERMITS, checks=(_is_blocked,), record=unblock),
)
