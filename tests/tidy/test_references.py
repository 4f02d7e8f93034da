"""The committed reference pages match the code."""

import pytest

from scripts.reference.__main__ import PAGES
from tests.tidy.repository import ROOT


@pytest.mark.parametrize("name", PAGES)
def test_what_is_committed_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text() == PAGES[name](), "make generate"
