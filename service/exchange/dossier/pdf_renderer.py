"""Renders a document as PDF with Typst. The template reads the document as data, so that no text is markup."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import msgspec
import typst

from service.exchange.dossier.document import Block, Document, Subsection
from service.exchange.dossier.html_renderer import UNPRINTABLE

STANDARDS: Final = ["a-2a", "ua-1"]
"""PDF/A-2a for archives, PDF/UA-1 for screen readers."""
NO_GLYPH: Final = re.compile(r'the text `?"(.+?)"`? could not be displayed', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF. unshown: first character without a glyph, if any; such a PDF meets no standard."""

    content: bytes
    unshown: str | None = None


def pdf(document: Document, printed_at: datetime) -> Pdf:
    try:
        return Pdf(compiled(document, printed_at, format="pdf", pdf_standards=STANDARDS))
    except typst.TypstError as error:
        if (unshown := NO_GLYPH.search(str(error))) is None:
            raise
        return Pdf(compiled(document, printed_at, format="pdf"), unshown[1])


def compiled(document: Document, printed_at: datetime, **options: Any) -> Any:
    template = files("service.exchange.dossier").joinpath("dossier.typ").read_bytes()
    data = msgspec.json.encode(_plain(document))
    sources = {"main": template, "document.json": data}
    return typst.compile(sources, timestamp=int(printed_at.timestamp()), **options)


def _plain(document: Document) -> Any:
    data = asdict(document)
    data["sections"] = [
        {"title": section.title, "blocks": [_block(block) for block in section.blocks]} for section in document.sections
    ]
    return _printable(data)


def _block(block: Block | Subsection) -> dict[str, Any]:
    if isinstance(block, Subsection):
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
