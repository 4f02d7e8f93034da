"""What `explain` prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.decider import Verdict
from domain.vocabulary import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """names: (issuer, subject) of persons -> their names."""

    position: int
    type: str
    happened_at: datetime
    recorded_at: datetime
    actor: Actor
    names: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedAction:
    """available: to the viewer; None without one."""

    action: str
    possible: bool
    available: bool | None
    rules: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """standing: the status in words. because: the events that led to the status, and those after an approval."""

    reference: str
    status: str
    version: int
    as_of: datetime | None
    standing: str
    because: tuple[ExplainedEvent, ...]
    actions: tuple[ExplainedAction, ...]
