"""What each client sent, and what it was answered, to be compared with the log."""

import threading
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.recorded_event import Recorded
from domain.vocabulary import Text


class Answer(StrEnum):
    RECORDED = "recorded"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sent:
    """mark: a text that only this command holds. position: of its last event, where it is recorded. at: when it was
    answered."""

    mark: str
    answer: Answer
    position: int | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Ledger:
    """The commands of all clients, from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._sent: list[Sent] = []
        self.requests: list[str] = []
        self.incidents: list[str] = []

    def add(self, sent: Sent) -> None:
        with self._guard:
            self._sent.append(sent)

    def acknowledged(self) -> list[Sent]:
        with self._guard:
            return [sent for sent in self._sent if sent.answer is Answer.RECORDED]

    def counts(self) -> Counter[Answer]:
        return Counter(sent.answer for sent in self._sent)

    def discrepancies(self, events: list[Recorded[Any]]) -> list[str]:
        """Each command that the log holds too often, or does not hold although it was acknowledged, in a line each."""
        commands: dict[str, set[UUID]] = {}
        positions: dict[str, int] = {}
        for recorded in events:
            for mark in _marks(recorded.event):
                commands.setdefault(mark, set()).add(recorded.command.id)
                positions[mark] = recorded.position
        return [line for sent in self._sent if (line := _discrepancy(sent, commands, positions)) is not None]


def _discrepancy(sent: Sent, commands: dict[str, set[UUID]], positions: dict[str, int]) -> str | None:
    times = len(commands.get(sent.mark, ()))
    if times > 1:
        return f"{sent.mark} ({sent.answer}) is recorded {times} times"
    if sent.answer is Answer.RECORDED and (times == 0 or positions[sent.mark] != sent.position):
        return f"{sent.mark} was acknowledged at {sent.position}, and stands at {positions.get(sent.mark)}"
    if sent.answer is Answer.REFUSED and times:
        return f"{sent.mark} was refused, and stands at {positions[sent.mark]}"
    return None


def _marks(event: Any) -> list[str]:
    values = (getattr(event, each.name) for each in fields(event))
    texts = (value.value for value in values if isinstance(value, Text) and value.value is not None)
    return [text for text in texts if text.startswith("soak ")]
