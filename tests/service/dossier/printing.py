"""Dossiers of a register's requests, and what stands in them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from domain.vocabulary import SYSTEM, Actor
from service.exchange.dossier.building import document
from service.exchange.dossier.document import Cell, Checks, Document, Facts, Line, Paragraph, Part, Picture, Table
from service.exchange.dossier.gathering import Gathering
from service.exchange.dossier.material import Material
from tests.service.exports.register import Register


def gathered(register: Register, request: UUID, actor: Actor = SYSTEM, as_of: datetime | None = None) -> Material:
    scope, eyes = register.scope(actor, as_of)
    return Gathering(register.store, replace(scope, subject=request), eyes).material(lambda persons: {}, "operator")


def printed(register: Register, request: UUID, actor: Actor = SYSTEM, as_of: datetime | None = None) -> Document:
    return document(gathered(register, request, actor, as_of))


def lines(made: Document) -> Iterator[str]:
    """Every line of it, each thing said for itself."""
    yield from (made.kind, made.title, made.subtitle, made.standing, made.printed)
    for section in made.sections:
        yield section.title
        yield from _within(section.blocks)
    yield from _within((made.facts,))


def _within(blocks: Any) -> Iterator[str]:
    for block in blocks:
        match block:
            case Part():
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
            case Checks():
                yield from (check.text for check in block.checks)
            case Picture():
                yield block.told
            case _:
                raise AssertionError(block)


def _of(cell: Cell) -> Iterator[str]:
    for line in cell:
        assert isinstance(line, Line)
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
