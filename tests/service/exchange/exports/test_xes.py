"""Attributes of XES: every text can be read back, but for characters that XML does not know."""

from xml.etree import ElementTree

import pytest

from service.exchange.exports.columns import COLUMNS, ColumnType
from service.exchange.exports.xes import _written

ENVELOPE = {"position", "version", "recordedAt", "correlationId", "causationId", "redactions"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "<&>\"'",
        "a\nb\tc\rd",
        "  spaces  ",
        "Ünïcødé \U0001f642 \ue000",
        "]]>",
        "&amp;",
        "\u2028 \x7f \x85",
    ],
)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    element = ElementTree.fromstring(_written([("reason", ColumnType.STRING, text)]))
    assert (element.tag, element.get("key"), element.get("value")) == ("string", "reason", text)


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x1b", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_replaced(character: str) -> None:
    element = ElementTree.fromstring(_written([("reason", ColumnType.STRING, f"a{character}b")]))
    assert element.get("value") == "a\ufffdb"


def test_what_an_event_holds_is_never_called_like_its_circumstances() -> None:
    for columns in COLUMNS.values():
        names = [column.name.casefold() for column in columns]
        assert len(set(names)) == len(names)
        assert not set(names) & {name.casefold() for name in ENVELOPE}
