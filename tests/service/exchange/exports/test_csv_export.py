"""Cells that spreadsheets take for formulas are made harmless; what was meant can still be read."""

import pytest

from service.exchange.exports.csv_export import cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x.example","y")', "\uff1d1"],
)
def test_a_cell_that_would_run_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "1+1", "", " =1", 0, -5, -20.7, None])
def test_every_other_cell_is_as_it_was(value: object) -> None:
    assert cell(value) == value


def test_booleans_are_said_as_the_api_says_them() -> None:
    assert (cell(True), cell(False)) == ("true", "false")
