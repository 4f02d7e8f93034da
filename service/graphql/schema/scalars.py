"""The scalars of the API: an instant, a place in the order of events, and values of any form."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.vocabulary import Text
from service.graphql.execution.fast_fields import written_instant

Position = NewType("Position", int)
"""A place in the global order of recorded events."""
Json = NewType("Json", object)
"""A value of any form that JSON has."""

AsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description="All that was recorded up to and including this instant, of what the viewer may see now; it waits "
        "for the views as atLeast does. An instant after both the database's clock and the last event is "
        "BAD_USER_INPUT."
    ),
]
"""An argument: the instant whose past is asked for."""

GREATEST_POSITION: Final = 2**63 - 1
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)", re.ASCII
)


def read_instant(value: object) -> datetime:
    """Raises ValueError: the executor tells the client, with the place of the value."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("An instant is written with its offset, as in '2024-11-29T18:00:00Z'.")
    try:
        return datetime.fromisoformat(value.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant, or it lies outside the years 1 to 9999.") from None


def read_position(value: object) -> Position:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _DIGITS.fullmatch(value):
        number = int(value)
    else:
        raise ValueError("A position is a decimal number, in a string.")
    if not 0 <= number <= GREATEST_POSITION:
        raise ValueError(f"A position lies between 0 and {GREATEST_POSITION}.")
    return Position(number)


def _as_it_is(value: Any) -> Any:
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An ISO 8601 instant with offset. Answers are in UTC, with microseconds. "
            "In filters 'from' is included, 'until' is not."
        ),
        serialize=written_instant,
        parse_value=read_instant,
    ),
    Position: strawberry.scalar(
        name="Position",
        description=(
            "A place in the global order of recorded events: a decimal number in a string (it outgrows 32 bits), "
            "compared as a number, never reused; gaps mean nothing."
        ),
        serialize=str,
        parse_value=read_position,
    ),
    Json: strawberry.scalar(
        name="JSON", description="A value of any form that JSON has.", serialize=_as_it_is, parse_value=_as_it_is
    ),
}


def said(text: Text) -> str:
    """Where a text is always there: one that was erased says so."""
    return str(text)


def said_if_any(text: Text | None) -> str | None:
    """An erased text reads as null, as one that was never written."""
    return text.value if text is not None else None
