"""The decision on a deployment request, and the conditions of an approval: parts of its state."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.deployment_request.events import Ground
from domain.vocabulary import Actor, ConditionId, Period, Strength, Text


class Standing(StrEnum):
    """Whether the grounds of an approval still hold."""

    STANDS = "STANDS"
    QUESTIONED = "QUESTIONED"


class DecisionOutcome(StrEnum):
    APPROVED = "APPROVED"
    DENIED = "DENIED"


class ConditionState(StrEnum):
    """How far the fulfilment of a condition is."""

    OPEN = "OPEN"
    REPORTED = "REPORTED"
    ACCEPTED = "ACCEPTED"
    SENT_BACK = "SENT_BACK"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of an approval, with the last report of its fulfilment if there is one.

    fulfilled_at: when that was reported; None if it was sent back. sent_back_reason: until it is reported again.
    """

    id: ConditionId
    text: Text
    due_by: datetime | None
    fulfilment_report: Text | None = None
    fulfilled_at: datetime | None = None
    sent_back_reason: Text | None = None
    accepted_at: datetime | None = None
    accepted_by: Actor | None = None

    @property
    def state(self) -> ConditionState:
        if self.accepted_at is not None:
            return ConditionState.ACCEPTED
        if self.fulfilled_at is not None:
            return ConditionState.REPORTED
        return ConditionState.OPEN if self.sent_back_reason is None else ConditionState.SENT_BACK

    @property
    def is_fulfilled(self) -> bool:
        return self.fulfilled_at is not None

    def is_overdue(self, now: datetime) -> bool:
        return not self.is_fulfilled and self.due_by is not None and self.due_by <= now


@dataclass(frozen=True, kw_only=True)
class Decision:
    """grounds: the findings when it was decided. rests_on: the findings at its last confirmation.

    extended_by: the position of the event that last extended it.
    """

    outcome: DecisionOutcome
    reason: Text
    decided_at: datetime
    decided_by: Actor
    position: int
    grounds: tuple[Ground, ...]
    rests_on: tuple[Ground, ...]
    conditions: tuple[Condition, ...] = ()
    valid_until: datetime | None = None
    granted_strength: Strength | None = None
    granted_period: Period | None = None
    standing: Standing = Standing.STANDS
    questioned_by: int | None = None
    """The position of the event that questioned it."""
    questioned_at: datetime | None = None
    extended_by: int | None = None

    @property
    def is_questioned(self) -> bool:
        return self.standing is Standing.QUESTIONED

    @property
    def made_by(self) -> tuple[int, ...]:
        """The positions of the events that set its terms."""
        return (self.position,) if self.extended_by is None else (self.position, self.extended_by)

    def until(self, end: datetime, by: int) -> "Decision":
        """Extended by the event at a position: neither its validity nor the granted period ends before `end`."""
        granted = self.granted_period
        if granted is None:
            raise ValueError("a denial has no end")
        return replace(
            self,
            granted_period=replace(granted, end=max(end, granted.end)),
            valid_until=None if self.valid_until is None else max(end, self.valid_until),
            extended_by=by,
        )

    @property
    def expires_at(self) -> datetime | None:
        """The earlier of the end of its validity and the end of the granted period."""
        ends = [self.valid_until, self.granted_period.end if self.granted_period else None]
        return min((end for end in ends if end is not None), default=None)
