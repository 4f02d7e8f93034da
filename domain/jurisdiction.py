"""Aggregate: the mandates over one region, at most one at a time. The mandate of the nearest region decides."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from domain import authority
from domain.authority import by_administrator, own_authority_is_registered
from domain.decider import Context, Opening
from domain.limits import ITEMS
from domain.recorded_event import Recorded, Upcasters
from domain.refusals import FieldProblem, Problems, past_problems
from domain.vocabulary import AuthorityCode, Days, Label, Quorum, Region, Text, derived_id, regions_of

ONE: Final = Quorum(1)


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class MandateGranted:
    """deliberations_internal: whether only the authority and its auditors see who endorsed what, and why.

    answer_within_days: in how many days the authority is to decide; None: it does not say. hearing: whether the
    requesting side is heard before a denial or a revocation.
    """

    authority: AuthorityCode
    region: Region
    legal_basis: Label
    endorsements_required: Quorum
    valid_from: datetime
    valid_until: datetime | None = None
    deliberations_internal: bool = True
    answer_within_days: Days | None = None
    hearing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEnded:
    authority: AuthorityCode
    region: Region
    reason: Text
    at: datetime


Event = MandateGranted | MandateEnded

UPCASTERS: Final[Upcasters] = {
    ("MandateGranted", 1): lambda data: {**data, "deliberations_internal": True},
    ("MandateGranted", 2): lambda data: {**data, "answer_within_days": None},
    ("MandateGranted", 3): lambda data: {**data, "hearing": False},
}
"""MandateGranted 2: `deliberations_internal`. Mandates from before are internal: none said otherwise.

MandateGranted 3: `answer_within_days`. MandateGranted 4: `hearing`, which none asked for before.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """The right of an authority to decide on deployments into a region, from valid_from to before valid_until."""

    authority: AuthorityCode
    region: Region
    legal_basis: Label
    endorsements_required: Quorum
    valid_from: datetime
    valid_until: datetime | None
    granted_at: int
    """The position of the event that granted it."""
    ended_by: int | None = None
    """The position of the event that ended it; None if none did."""
    deliberations_internal: bool = True
    answer_within_days: Days | None = None
    hearing: bool = False

    def is_valid(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        """Whether both are valid at some instant. A mandate that ended when it started was never valid."""
        ends = [each for each in (end, self.valid_until) if each is not None]
        return not ends or max(start, self.valid_from) < min(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """The mandates over one region, the oldest first, including ended ones."""

    id: UUID
    version: int
    region: Region
    mandates: tuple[Mandate, ...]

    def mandate(self, now: datetime) -> Mandate | None:
        return next((mandate for mandate in self.mandates if mandate.is_valid(now)), None)


def evolve(state: Jurisdiction | None, recorded: Recorded[Event]) -> Jurisdiction:
    """The mandates after one more event. Raises ValueError if the first event is MandateEnded."""
    if state is None and isinstance(recorded.event, MandateEnded):
        raise ValueError(f"MandateEnded at position {recorded.position} comes before MandateGranted")
    mandates = state.mandates if state else ()
    match recorded.event:
        case MandateGranted() as event:
            mandates += (
                Mandate(
                    authority=event.authority,
                    region=event.region,
                    legal_basis=event.legal_basis,
                    endorsements_required=event.endorsements_required,
                    valid_from=event.valid_from,
                    valid_until=event.valid_until,
                    granted_at=recorded.position,
                    deliberations_internal=event.deliberations_internal,
                    answer_within_days=event.answer_within_days,
                    hearing=event.hearing,
                ),
            )
        case MandateEnded() as event:
            mandates = tuple(
                replace(mandate, valid_until=event.at, ended_by=recorded.position)
                if _is_ended_by(mandate, event.authority, event.at)
                else mandate
                for mandate in mandates
            )
        case event:
            assert_never(event)
    return Jurisdiction(id=recorded.stream, version=recorded.version, region=recorded.event.region, mandates=mandates)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMandate:
    """valid_from: now by default."""

    authority: AuthorityCode
    region: Region
    legal_basis: Label
    endorsements_required: Quorum = ONE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    deliberations_internal: bool = True
    answer_within_days: Days | None = None
    hearing: bool = False


def grant(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> tuple[Event, ...]:
    return (
        MandateGranted(
            authority=command.authority,
            region=command.region,
            legal_basis=command.legal_basis,
            endorsements_required=command.endorsements_required,
            valid_from=command.valid_from or context.now,
            valid_until=command.valid_until,
            deliberations_internal=command.deliberations_internal,
            answer_within_days=command.answer_within_days,
            hearing=command.hearing,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMandate:
    """at: now by default."""

    authority: AuthorityCode
    region: Region
    reason: Text
    at: datetime | None = None


Command = GrantMandate | EndMandate


def end(command: EndMandate, jurisdiction: Jurisdiction | None, context: Context) -> tuple[Event, ...]:
    return (
        MandateEnded(
            authority=command.authority,
            region=command.region,
            reason=command.reason,
            at=command.at or context.now,
        ),
    )


def stream_of(region: Region) -> UUID:
    return derived_id("jurisdiction", region)


def mandates_over(context: Context, region: Region) -> tuple[Mandate, ...]:
    """The mandates that cover the region now, the nearest first."""
    states = context.read_all(Jurisdiction, (stream_of(path) for path in regions_of(region)))
    valid = (state.mandate(context.now) for state in states if state is not None)
    return tuple(mandate for mandate in valid if mandate is not None)


def last_mandates_over(context: Context, region: Region, holder: AuthorityCode) -> tuple[Mandate, ...]:
    """The last mandate of an authority over each region that contains this one, valid now or not."""
    states = context.read_all(Jurisdiction, (stream_of(path) for path in regions_of(region)))
    held = ([each for each in state.mandates if each.authority == holder] for state in states if state is not None)
    return tuple(mandates[-1] for mandates in held if mandates)


def every_mandate_over(context: Context, region: Region) -> tuple[Mandate, ...]:
    """All mandates over each region that contains this one, valid now or not."""
    states = context.read_all(Jurisdiction, (stream_of(path) for path in regions_of(region)))
    return tuple(mandate for state in states if state is not None for mandate in state.mandates)


def deciding_mandate(context: Context, region: Region) -> Mandate | None:
    """The nearest mandate, which decides; None if no mandate covers the region."""
    return next(iter(mandates_over(context, region)), None)


def _is_ended_by(mandate: Mandate, code: AuthorityCode, at: datetime) -> bool:
    return (
        mandate.authority == code
        and mandate.valid_from <= at
        and (mandate.valid_until is None or at < mandate.valid_until)
    )


def _holder_is_registered(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    yield from authority.unregistered_problems(command.authority, context)


def _takes_two_administrators(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    """With `two_administrators`, the administrator who registered an authority cannot grant its mandates."""
    holder = authority.find(context, command.authority) if context.two_administrators else None
    if holder is not None and holder.registered_by.shares_a_person(context.actor):
        yield FieldProblem(
            path="authority",
            message=f"You registered '{command.authority}': another administrator has to grant its mandates.",
        )


def _lasts(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    """A mandate may start in the past, but not end there."""
    if command.valid_until is None or command.valid_until <= context.now:
        yield from past_problems("validUntil", command.valid_until, context.now)
    elif command.valid_until <= (command.valid_from or context.now):
        yield FieldProblem(path="validUntil", message="It must lie after the start of the mandate.")


def _region_is_free(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    for mandate in jurisdiction.mandates if jurisdiction else ():
        if mandate.overlaps(command.valid_from or context.now, command.valid_until):
            yield FieldProblem(
                path="region",
                message=f"'{mandate.authority}' holds a mandate over '{command.region}' at that time: end it first.",
            )


def _has_room(command: GrantMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    if jurisdiction is not None and len(jurisdiction.mandates) >= ITEMS:
        yield FieldProblem(
            path="region",
            message=f"'{command.region}' has had {ITEMS:,} mandates, the maximum: grant mandates over its parts.",
        )


def _mandate_exists(command: EndMandate, jurisdiction: Jurisdiction | None, context: Context) -> Problems:
    at = command.at or context.now
    mandates = jurisdiction.mandates if jurisdiction else ()
    if not any(_is_ended_by(mandate, command.authority, at) for mandate in mandates):
        yield FieldProblem(
            path="region", message=f"'{command.authority}' holds no mandate over '{command.region}' at that time."
        )


OPENINGS = (
    Opening(
        command=GrantMandate,
        stream_of=lambda command: stream_of(command.region),
        permits=(by_administrator, own_authority_is_registered),
        checks=(_holder_is_registered, _takes_two_administrators, _lasts, _region_is_free, _has_room),
        record=grant,
    ),
    Opening(
        command=EndMandate,
        stream_of=lambda command: stream_of(command.region),
        permits=(by_administrator, own_authority_is_registered),
        checks=(_mandate_exists,),
        record=end,
    ),
)
