"""Renders a document as PDF, in a process of its own that has limits and can be ended at any time."""

import logging
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final, Self

import msgspec

from service.exchange.dossier.document import Block, DossierDocument, Subsection, text_size
from service.exchange.dossier.html_renderer import UNPRINTABLE
from service.exchange.dossier.pdf_process import UNSUITABLE
from service.exchange.visible_log.refused import ExportRefused

MODULE: Final = "service.exchange.dossier.pdf_process"
LONGEST: Final = 500_000
"""Most text of a PDF, in bytes as `text_size` counts them."""
TIME: Final = 60.0
"""Seconds for one PDF."""
ONE_THREAD: Final = {"RAYON_NUM_THREADS": "1"}
SETTINGS: Final = "MANDATE_"
"""Begins the names of the settings of the service, some of which are secret."""
INSTEAD: Final = "take the HTML form, which a browser prints"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF. unshown: the characters without a glyph, in whose place it has their numbers."""

    content: bytes
    unshown: tuple[str, ...] = ()


class PdfRenderer:
    """Renders one document. Whoever leaves the context, in whatever thread, ends the process."""

    def __init__(self, document: DossierDocument, printed_at: datetime) -> None:
        """Raises ExportRefused if the document is too long."""
        if text_size(document) > LONGEST:
            raise ExportRefused(f"a PDF has at most {LONGEST / 10**6} MB of text, and it would have more: {INSTEAD}")
        self._data = encoded(document)
        self._command = [sys.executable, "-m", MODULE, str(int(printed_at.timestamp()))]
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_over = True
            if self._process is not None:
                self._process.kill()

    def pdf(self) -> Pdf:
        """Raises ExportRefused."""
        with self._started() as process:
            try:
                output, reason = process.communicate(self._data, TIME)
            except BaseException as error:
                process.kill()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise ExportRefused(f"a PDF may take {TIME:.0f} s, and it takes more: {INSTEAD}") from None
                raise
        if process.returncode == 0:
            unshown, _, content = output.partition(b"\n")
            return Pdf(content, tuple(unshown.decode().split()))
        said = reason.decode(errors="replace")
        if process.returncode > 0 and process.returncode != UNSUITABLE:
            raise RuntimeError(f"{MODULE} failed: {said}")
        logger.warning("no PDF was made (status %s): %.300s", process.returncode, said)
        raise ExportRefused(f"it takes too much time or memory as a PDF, or has characters that no PDF has: {INSTEAD}")

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        with self._lock:
            if self._is_over:
                raise ExportRefused("nobody waits for it")
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment | ONE_THREAD,
            )
            return self._process


def pdf(document: DossierDocument, printed_at: datetime) -> Pdf:
    """Raises ExportRefused."""
    with PdfRenderer(document, printed_at) as renderer:
        return renderer.pdf()


def encoded(document: DossierDocument) -> bytes:
    """As `pdf_process` reads it."""
    return msgspec.json.encode(_plain(document))


def _plain(document: DossierDocument) -> Any:
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
