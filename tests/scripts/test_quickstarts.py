"""The quick starts of the documentation are the programs that tests run."""

import re
from pathlib import Path

import pytest

from scripts.quickstarts import INCLUDED, PAGES, filled
from tests.tidy.repository import ROOT

PROGRAMS = [path for path in sorted(PAGES.glob("*.md")) if path.name != "index.md"]


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.name)
def test_a_page_has_the_program_as_it_is_run(page: Path) -> None:
    text = page.read_text()
    assert filled(text) == text
    assert INCLUDED.search(text)


def test_every_program_is_on_a_page() -> None:
    named = {found[1] for page in PROGRAMS for found in INCLUDED.finditer(page.read_text())}
    folder = ROOT / "examples" / "clients"
    programs = {str(path.relative_to(ROOT)) for path in (*folder.glob("*/quickstart.*"), *folder.glob("*/src/*.ts"))}
    assert programs <= named


def test_a_program_that_is_not_there_is_noticed() -> None:
    with pytest.raises(FileNotFoundError):
        filled(re.sub(r"examples/\S+", "examples/none.py", PROGRAMS[0].read_text()))
