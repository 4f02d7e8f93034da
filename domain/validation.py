"""Validation of an input by the types of its fields, independent of recorded state: forms, lengths, ranges."""

import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any, Final

from domain.dataclass_fields import field_types
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import (
    CODE_FORM,
    LANGUAGE_FORM,
    REGION_FORM,
    AuthorityCode,
    Days,
    Label,
    Language,
    Latitude,
    Longitude,
    Period,
    Quorum,
    Region,
    Sha256,
    Strength,
    Subject,
    Text,
    camel,
)

TEXT_LENGTH: Final = 20_000
LABEL_LENGTH: Final = 200
LIST_LENGTH: Final = 100
ZERO_WIDTH: Final = "\u200b\u200c\u200d\u2060\ufeff"
"""Invisible characters: a text of only these is blank."""
NOT_ON_ONE_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, line and paragraph separators, and directional formatting characters (UAX #9)."""
GREATEST_STRENGTH: Final = 1_000_000
GREATEST_QUORUM: Final = 10
MOST_DAYS: Final = 366

Judge = Callable[[Any], str | None]


def problems(command: object, path: str = "") -> Problems:
    """The problems of a dataclass and everything in it, with API field names."""
    kind: Any = type(command)
    for field in field_types(kind):
        value = getattr(command, field.name)
        if value is not None:
            yield from _value(value, field.type, path + camel(field.name))
    if isinstance(command, Period) and _is_reversed(command):
        yield FieldProblem(path=f"{path}end", message="It must lie after the start of the period.")
    own = getattr(command, "problems", None)
    if own is not None:
        yield from own()


def judge(value: object, annotation: object) -> str | None:
    """The problem of one value of this type; None if it is valid or its type has no rule."""
    judge_of = _JUDGES.get(annotation)
    return None if judge_of is None else judge_of(value)


def unwritable(value: str) -> str | None:
    """The problem of a string that cannot be stored: NUL characters, lone surrogates. None if it can."""
    if "\x00" in value:
        return "It contains a NUL character: remove it."
    try:
        value.encode()
    except UnicodeEncodeError:
        return "It contains half of a surrogate pair: send whole characters."
    return None


def _value(value: object, annotation: object, path: str) -> Problems:
    if annotation in _JUDGES and not isinstance(value, tuple):
        if (message := judge(value, annotation)) is not None:
            yield FieldProblem(path=path, message=message)
    elif isinstance(value, tuple):
        if len(value) > LIST_LENGTH:
            yield FieldProblem(path=path, message=f"At most {LIST_LENGTH} items are accepted, not {len(value)}.")
            return
        for index, element in enumerate(value):
            yield from _value(element, annotation, f"{path}.{index}")
    elif is_dataclass(value):
        yield from problems(value, f"{path}.")


def _written(value: str, limit: int) -> str | None:
    if all(character.isspace() or character in ZERO_WIDTH for character in value):
        return "It must not be blank."
    if len(value) > limit:
        return f"At most {limit} characters are accepted, not {len(value)}."
    return unwritable(value)


def _text(value: Text) -> str | None:
    return "It must not be blank." if value.value is None else _written(value.value, TEXT_LENGTH)


def _label(value: str) -> str | None:
    """A single line: line breaks and directional characters could make a name look like another."""
    if (message := _written(value, LABEL_LENGTH)) is not None:
        return message
    if (found := NOT_ON_ONE_LINE.search(value)) is None:
        return None
    return f"It must be a single line without control characters: remove U+{ord(found[0]):04X}."


def _subject(value: str) -> str | None:
    """Persons are told apart by it: nothing invisible makes one look like another."""
    if (message := _label(value)) is not None:
        return message
    if value != value.strip():
        return "It must not begin or end with a space."
    if (found := next((each for each in value if each in ZERO_WIDTH), None)) is not None:
        return f"It must not contain invisible characters: remove U+{ord(found):04X}."
    return None


def _code(value: str) -> str | None:
    if not CODE_FORM.fullmatch(value) or not 2 <= len(value) <= 32:
        return "A code has 2 to 32 lower-case letters, digits and single hyphens, and starts with a letter: 'kfor'."
    return None


def _region(value: str) -> str | None:
    if len(value) > LABEL_LENGTH or not REGION_FORM.fullmatch(value):
        return (
            "A region is a path of 1 to 8 names in lower-case letters, digits and single hyphens, "
            "from the largest region to the smallest: 'xk/north/zubin-potok'."
        )
    return None


def _language(value: str) -> str | None:
    if not LANGUAGE_FORM.fullmatch(value):
        return "A language has a code of 2 or 3 letters, then a script or country if needed: 'sq', 'sr-Cyrl', 'de-AT'."
    return None


def _sha256(value: str) -> str | None:
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        return "A SHA-256 has 64 lower-case hexadecimal digits."
    return None


def _within(least: int, most: int) -> Judge:
    return lambda value: None if least <= value <= most else f"It must be from {least:,} to {most:,}, not {value:,}."


def _degrees(most: int) -> Judge:
    return lambda value: None if -most <= value <= most else f"It must be from -{most} to {most} degrees."


def _instant(value: datetime) -> str | None:
    return "An instant needs an offset: '2024-11-29T18:00:00Z'." if value.utcoffset() is None else None


def _is_reversed(period: Period) -> bool:
    """False if an end has no offset: that is a problem of its own, and the two cannot be compared."""
    have_offsets = _instant(period.start) is None and _instant(period.end) is None
    return have_offsets and period.end <= period.start


_JUDGES: Final[Mapping[Any, Judge]] = {
    Text: _text,
    Label: _label,
    AuthorityCode: _code,
    Region: _region,
    Language: _language,
    Sha256: _sha256,
    Subject: _subject,
    Strength: _within(1, GREATEST_STRENGTH),
    Quorum: _within(1, GREATEST_QUORUM),
    Days: _within(1, MOST_DAYS),
    datetime: _instant,
    Latitude: _degrees(90),
    Longitude: _degrees(180),
}
