"""Dossiers of a register's requests, and what stands in them."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from domain.vocabulary import SYSTEM, Actor
from service.exchange.dossier.builder import document
from service.exchange.dossier.document import (
    Cell,
    CheckList,
    DossierDocument,
    Facts,
    Paragraph,
    Picture,
    Subsection,
    Table,
    TextLine,
)
from service.exchange.dossier.material import Material
from service.exchange.dossier.material_reader import MaterialReader
from tests.service.exchange.exports.exporter import Exporter


def gathered(register: Exporter, request: UUID, actor: Actor = SYSTEM, as_of: datetime | None = None) -> Material:
    scope, visibility = register.scope(actor, as_of)
    return MaterialReader(register.store, replace(scope, subject=request), visibility).material(
        lambda persons: {}, "operator"
    )


def printed(register: Exporter, request: UUID, actor: Actor = SYSTEM, as_of: datetime | None = None) -> DossierDocument:
    return document(gathered(register, request, actor, as_of))


def lines(made: DossierDocument) -> Iterator[str]:
    """Every line of it, each thing said for itself."""
    yield from (made.kind, made.title, made.subtitle, made.standing, made.printed)
    for section in made.sections:
        yield section.title
        yield from _within(section.blocks)
    yield from _within((made.facts,))


def _within(blocks: Any) -> Iterator[str]:
    for block in blocks:
        match block:
            case Subsection():
                yield block.title
                yield from _within(block.blocks)
            case Paragraph():
                yield block.line.text
            case Facts():
                for name, cell in block.rows:
                    yield name
                    yield from _of(cell)
            case Table():
                yield from block.titles
                for row in block.rows:
                    for cell in row:
                        yield from _of(cell)
            case CheckList():
                yield from (check.text for check in block.checks)
            case Picture():
                yield block.text_alternative
            case _:
                raise AssertionError(block)


def _of(cell: Cell) -> Iterator[str]:
    for line in cell:
        assert isinstance(line, TextLine)
        yield line.text


class Page(HTMLParser):
    """What a browser takes an HTML file for."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.sheet = ""
        self._in_sheet = False
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_sheet = tag == "style"
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self._in_sheet:
            self.sheet += data

    def handle_endtag(self, tag: str) -> None:
        self._in_sheet = False


def pixels(png: bytes) -> Iterator[bytes]:
    """The rows of a picture in 8-bit RGBA, as PNG has them (ISO 15948, filters of section 9)."""
    width, compressed, place = int.from_bytes(png[16:20]), b"", 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            compressed += png[place + 8 : place + 8 + length]
        place += length + 12
    data, size = zlib.decompress(compressed), 4 * width
    above = bytearray(size)
    for start in range(0, len(data), size + 1):
        row = bytearray(data[start + 1 : start + 1 + size])
        for index in range(size):
            left, up = (row[index - 4] if index >= 4 else 0), above[index]
            corner = above[index - 4] if index >= 4 else 0
            row[index] = (row[index] + _predicted(data[start], left, up, corner)) & 255
        yield bytes(row)
        above = row


def _predicted(filter: int, left: int, up: int, corner: int) -> int:
    if filter < 4:
        return (0, left, up, (left + up) // 2)[filter]
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
