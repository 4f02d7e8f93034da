"""The scalars of the API: DateTime, Position and JSON."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.vocabulary import Text, iso_time
from service.instants import read_instant

Position = NewType("Position", int)
"""A position in the global order of recorded events."""
Json = NewType("Json", object)
"""Any JSON value."""

AsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description=(
            "Includes everything recorded up to and including this instant, restricted to what the viewer may see "
            "now; waits for the views as atLeast does. An instant after both the database's clock and the last "
            "event is BAD_USER_INPUT."
        )
    ),
]
"""The argument asOf: the past instant to read."""

AsHappened = Annotated[
    datetime | None,
    strawberry.argument(
        description=(
            "By what had happened by this instant, whenever it was recorded: for imported history. Of the subject, and "
            "of the requests and incidents reached from it, the events before the first that happened later; mandates "
            "and names are as they are now. Not with asOf or version."
        )
    ),
]
"""The argument asHappened: the instant by which something had happened."""

GREATEST_POSITION: Final = 2**63 - 1
_DIGITS: Final = re.compile(r"[0-9]{1,19}")


def read_position(value: object) -> Position:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _DIGITS.fullmatch(value):
        number = int(value)
    else:
        raise ValueError("A position is a decimal number, in a string.")
    if not 0 <= number <= GREATEST_POSITION:
        raise ValueError(f"A position is between 0 and {GREATEST_POSITION}.")
    return Position(number)


def _unchanged(value: Any) -> Any:
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An ISO 8601 instant with offset. Responses use UTC with microseconds. In filters 'from' is "
            "inclusive, 'until' exclusive. Queries also take a day in UTC, as '2024-11-29': 'from' begins with it, "
            "'until' and 'asOf' include all of it. Commands do not."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=iso_time,
        parse_value=read_instant,
    ),
    Position: strawberry.scalar(
        name="Position",
        description=(
            "A position in the global order of recorded events: a decimal number in a string (it exceeds 32 "
            "bits), compared as a number, never reused. Gaps have no meaning."
        ),
        specified_by_url="urn:mandate:scalar:position",
        serialize=str,
        parse_value=read_position,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_unchanged,
        parse_value=_unchanged,
    ),
}


def required_text(text: Text) -> str:
    """A required text; an erased one reads as its placeholder."""
    return str(text)


def optional_text(text: Text | None) -> str | None:
    """An optional text; null if it was erased or never written."""
    return text.value if text is not None else None
