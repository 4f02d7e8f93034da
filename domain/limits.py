"""Limits of the size of one request, incident or region.

They restrict only the commands that make a subject grow, never those that decide on it or end it.
"""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Final, Protocol, TypeVar

from domain.dataclass_fields import field_types
from domain.decider import Context, Verdict
from domain.vocabulary import Text

ITEMS: Final = 1_000
"""Maximum per subject and kind: remarks, amendments, holds, endorsements, recusals, evidence, findings,
referrals, corrections, dissents, extensions and endorsements of one, notices, proposals to change the marking."""
TEXT_BYTES: Final = 100_000_000
"""Limit of all texts of one subject, in UTF-8. The command that reaches it still succeeds."""


class HasTexts(Protocol):
    """A state that counts the bytes of all texts ever recorded on it."""

    @property
    def text_bytes(self) -> int: ...


S = TypeVar("S", bound=HasTexts)


def room_for(count: Callable[[S], int], things: str, instead: str) -> Callable[[S, Context], tuple[Verdict, ...]]:
    """The rule that one more item fits. things: the counted items. instead: advice for when none fits.

    Yields a verdict only if it is not met. Does not bind the register itself.
    """

    def has_room(subject: S, context: Context) -> tuple[Verdict, ...]:
        if context.actor.is_system:
            return ()
        if count(subject) >= ITEMS:
            return (_full(f"It has {ITEMS:,} {things}, the maximum: {instead}."),)
        if subject.text_bytes >= TEXT_BYTES:
            return (_full(f"Its texts have {TEXT_BYTES // 10**6} MB, the maximum: {instead}."),)
        return ()

    has_room.__doc__ = f"It has fewer than {ITEMS:,} {things}, and less than {TEXT_BYTES // 10**6} MB of text."
    return has_room


def text_bytes(event: Any) -> int:
    """The bytes of every text in an event. An erased text counts as 0."""
    kind: Any = type(event)
    total = 0
    for name in _parts(kind):
        value = getattr(event, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Text):
                total += _bytes(part.value or "")
            elif part is not None:
                total += text_bytes(part)
    return total


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


@cache
def _parts(kind: type[Any]) -> tuple[str, ...]:
    """The fields that contain texts, or objects that may."""
    return tuple(field.name for field in field_types(kind) if field.type is Text or is_dataclass(field.type))


def _full(description: str) -> Verdict:
    return Verdict(rule="LIMIT", met=False, description=description)
