"""The document as PDF, by Typst: its template reads data, so that no text is ever read as markup."""

from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import msgspec
import typst

from service.exchange.dossier.document import Block, Document, Part
from service.exchange.dossier.html import UNPRINTABLE

STANDARDS: Final = ("a-2a", "ua-1")


def pdf(document: Document, printed_at: datetime) -> bytes:
    """Tagged, for readers that read aloud and for archives."""
    made: bytes = compiled(document, printed_at, format="pdf", pdf_standards=[*STANDARDS])
    return made


def compiled(document: Document, printed_at: datetime, **options: Any) -> Any:
    template = files("service.exchange.dossier").joinpath("dossier.typ").read_bytes()
    data = msgspec.json.encode(_plain(document))
    sources = {"main": template, "document.json": data}
    return typst.compile(sources, timestamp=int(printed_at.timestamp()), **options)


def _plain(document: Document) -> Any:
    told = asdict(document)
    told["sections"] = [
        {"title": section.title, "blocks": [_block(block) for block in section.blocks]} for section in document.sections
    ]
    return _printable(told)


def _block(block: Block | Part) -> dict[str, Any]:
    if isinstance(block, Part):
        return {"kind": "part", "title": block.title, "blocks": [_block(inner) for inner in block.blocks]}
    return {"kind": type(block).__name__.lower(), **asdict(block)}


def _printable(value: Any) -> Any:
    match value:
        case str():
            return value.translate(UNPRINTABLE)
        case dict():
            return {name: _printable(each) for name, each in value.items()}
        case list() | tuple():
            return [_printable(each) for each in value]
        case _:
            return value
