"""A PDF is made by a process of its own, with limits of text, time and memory, which ends with who asked for it."""

import os
import resource
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.validation import TEXT_LENGTH
from service.exchange.dossier import pdf_renderer
from service.exchange.dossier.document import DossierDocument, Facts, Section, cell, quoted, table, text_size
from service.exchange.dossier.pdf_process import PRIORITY, PROCESSOR_TIME, typeset
from service.exchange.dossier.pdf_renderer import LONGEST, PdfRenderer, encoded, pdf
from service.exchange.visible_log.refused import ExportRefused
from service.processes.composition import now
from tests.waiting import until

WORDS = ("EXERCISE lorem ipsum dolor " * 1000)[:TEXT_LENGTH]
LONG_WORD = "x" * TEXT_LENGTH
MANY_WORDS = ("x" * 30 + " ") * (TEXT_LENGTH // 31)
LINES = "a\n" * (TEXT_LENGTH // 2)
NUMBER = 4
"""Digits of the number of a row."""
MARKS = "e" + "\u0301" * (TEXT_LENGTH - 1)


def saying(*texts: str) -> DossierDocument:
    rows = [(cell(str(number)), cell("remark"), cell(quoted(text))) for number, text in enumerate(texts)]
    sections = (Section("Events", (table(("", "What", "In their words"), (0.2, 2, 1.35), rows),)),)
    return DossierDocument(
        kind="Dossier", title="a-1", subtitle="b", marking="GREEN", standing="c", facts=Facts(()),
        sections=sections, printed="d",
    )  # fmt: skip


def filled(text: str) -> DossierDocument:
    """As many of them as a PDF may have."""
    room = LONGEST - text_size(saying())
    return saying(*[text] * (room // (text_size(saying(text)) - text_size(saying()) + NUMBER)))


def pages(made: DossierDocument) -> int:
    return len(typeset(encoded(made), 0, format="png", ppi=10.0))


def processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("text", [MANY_WORDS, LINES, "a"], ids=["words", "lines", "a"])
def test_whatever_the_text_is_the_largest_pdf_stays_within_its_limits(text: str) -> None:
    before = processor_time()
    assert pdf(filled(text), now()).content.startswith(b"%PDF-")
    assert processor_time() - before < PROCESSOR_TIME / 2


@pytest.mark.parametrize("text", [WORDS, LONG_WORD], ids=["words", "word"])
def test_a_text_is_printed_to_its_end(text: str) -> None:
    assert pages(saying(text)) >= 6


def test_more_text_than_a_pdf_has_is_refused_before_it_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(subprocess, "Popen")
    with pytest.raises(ExportRefused, match=r"at most 0\.5 MB of text.*take the HTML form"):
        pdf(saying(*[WORDS] * 25), now())


def test_what_takes_too_much_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pdf_renderer, "LONGEST", 10 * LONGEST)
    with pytest.raises(ExportRefused, match=r"too much time or memory.*take the HTML form"):
        pdf(saying(*[LINES] * 20), now())
    assert "memory allocation" in caplog.text


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_renderer, "TIME", 0.05)
    with pytest.raises(ExportRefused, match=r"it takes more.*take the HTML form"):
        pdf(filled(WORDS), now())


def test_a_text_that_no_pdf_can_have_is_refused() -> None:
    with pytest.raises(ExportRefused, match=r"characters that no PDF has.*take the HTML form"):
        pdf(saying(MARKS), now())


def test_who_leaves_ends_the_process_which_has_limits_and_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is stopped, so that it does not end by itself."""
    monkeypatch.setenv("MANDATE_TOKEN_KEY_FILE", "/secret")
    with ThreadPoolExecutor(1) as pool:
        with PdfRenderer(filled(WORDS), now()) as renderer:
            rendering = pool.submit(renderer.pdf)
            until(lambda: renderer._process is not None)
            assert renderer._process
            running = renderer._process.pid
            until(lambda: os.getpriority(os.PRIO_PROCESS, running) == os.getpriority(os.PRIO_PROCESS, 0) + PRIORITY)
            until(lambda: resource.prlimit(running, resource.RLIMIT_CORE) == (0, 0))
            os.kill(running, signal.SIGSTOP)
            assert resource.prlimit(running, resource.RLIMIT_CPU) == (PROCESSOR_TIME, PROCESSOR_TIME)
            environment = Path(f"/proc/{running}/environ").read_bytes()
            assert b"PATH=" in environment
            assert b"MANDATE_" not in environment
        with pytest.raises(ExportRefused):
            rendering.result(30)
    assert not Path(f"/proc/{running}").exists()
    with pytest.raises(ExportRefused, match=r"nobody"):
        renderer.pdf()
