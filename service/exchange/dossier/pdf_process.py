"""The process that typesets one PDF with Typst: `python -m service.exchange.dossier.pdf_process TIMESTAMP`.

It reads the document as JSON, and writes a line, the characters without a glyph, and then the PDF. It has the
environment of the service without its settings, and limits of its own. The template reads the document as data, so
that no text is markup.
"""

import os
import resource
import sys
from importlib.resources import files
from typing import Any, Final, NoReturn

import typst

from service.exchange.dossier.unshown_characters import listed, with_numbers

MEMORY: Final = 512 * 1024 * 1024
"""Bytes of address space."""
PROCESSOR_TIME: Final = 20
"""Seconds."""
PRIORITY: Final = 10
"""How much less important than the service it is (nice)."""
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a PDF."""
STANDARDS: Final = ["a-2a", "ua-1"]
"""PDF/A-2a for archives, PDF/UA-1 for screen readers."""
UNSUITABLE: Final = 3
"""Exit status if the document cannot be typeset: it needs too much memory, or something in it has no form in a PDF."""
TRIES: Final = 3
"""Times that characters are replaced; what is replaced may leave others alone that no font has by themselves."""


def typeset(document: bytes, timestamp: int, **options: Any) -> Any:
    template = files("service.exchange.dossier").joinpath("dossier.typ").read_bytes()
    return typst.compile({"main": template, "document.json": document}, timestamp=timestamp, **options)


def pdf(document: bytes, timestamp: int) -> tuple[tuple[str, ...], bytes]:
    """The characters without a glyph, in whose place the PDF has their numbers, and the PDF.

    If some are left, the PDF meets no standard.
    """
    unshown: tuple[str, ...] = ()
    for _ in range(TRIES):
        try:
            return unshown, typeset(with_numbers(document, unshown), timestamp, format="pdf", pdf_standards=STANDARDS)
        except typst.TypstError as error:
            found = listed(error.diagnostic)
            if not found:
                raise
            unshown = tuple(dict.fromkeys((*unshown, *found)))
    return unshown, typeset(with_numbers(document, unshown), timestamp, format="pdf")


def limit() -> None:
    os.nice(PRIORITY)
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_TIME),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def give_up(reason: str) -> NoReturn:
    sys.stderr.write(reason)
    sys.exit(UNSUITABLE)


def main() -> None:
    limit()
    document, timestamp = sys.stdin.buffer.read(), int(sys.argv[1])
    try:
        unshown, content = pdf(document, timestamp)
    except BaseException as error:  # noqa: BLE001 - a panic of Typst is no Exception
        give_up(f"{type(error).__name__}: {error}")
    if len(content) > LARGEST:
        give_up(f"the PDF has {len(content):,} bytes")
    sys.stdout.buffer.write(" ".join(unshown).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
