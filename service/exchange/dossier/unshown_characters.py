"""Characters that no font has: a PDF has their numbers in their place, and says so at its end."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

NO_GLYPH: Final = re.compile(r'the text `?"(.+?)"`? could not be displayed', re.DOTALL)
ESCAPED: Final = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
MOST_NUMBERS: Final = 10_000
"""Characters that are replaced by their numbers. If there are more, which no reader would look up, by U+FFFD."""
MOST_NAMED: Final = 200
PICTURE: Final = "svg"


def listed(diagnostic: str) -> tuple[str, ...]:
    """The characters that an error of Typst names."""
    found = (ESCAPED.sub(lambda each: chr(int(each[1], 16)), each) for each in NO_GLYPH.findall(diagnostic))
    return tuple(dict.fromkeys(each.strip() or each for each in found))


def with_numbers(document: bytes, unshown: Sequence[str]) -> bytes:
    """The document with the numbers of these characters in their place, and a paragraph that says so."""
    if not unshown:
        return document
    data = msgspec.json.decode(document)
    longest_first = sorted(unshown, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    count = sum(len(pattern.findall(text)) for text in _texts(data))
    stands_for = {each: f"[{number(each)}]" if count <= MOST_NUMBERS else "\ufffd" for each in unshown}
    data = _replaced(data, pattern, stands_for)
    named = ", ".join(map(number, unshown[:MOST_NAMED])) + (" and others" if len(unshown) > MOST_NAMED else "")
    said = f"No font of the printing computer has these characters, which are given by their numbers: {named}."
    data["sections"][-1]["blocks"].append({"kind": "paragraph", "line": {"text": said, "style": "plain"}})
    return msgspec.json.encode(data)


def number(character: str) -> str:
    """'U+12000', as Unicode numbers characters."""
    return " ".join(f"U+{ord(each):04X}" for each in character)


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for name, each in value.items() if name != PICTURE for text in _texts(each)]
        case list():
            return [text for each in value for text in _texts(each)]
        case _:
            return []


def _replaced(value: Any, pattern: re.Pattern[str], stands_for: Mapping[str, str]) -> Any:
    match value:
        case str():
            return pattern.sub(lambda found: stands_for[found[0]], value)
        case dict():
            return {
                name: each if name == PICTURE else _replaced(each, pattern, stands_for) for name, each in value.items()
            }
        case list():
            return [_replaced(each, pattern, stands_for) for each in value]
        case _:
            return value
