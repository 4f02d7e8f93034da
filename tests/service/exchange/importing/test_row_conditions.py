"""What a row must have for a line to be made."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.exchange.importing.row_conditions import condition

TEXTS = st.text("ab*", max_size=8)


@example(pattern="a*a*", cell="a")
@example(pattern="*ab*b", cell="ab")
@given(pattern=TEXTS, cell=st.text("ab", max_size=12))
def test_a_star_stands_for_any_text(pattern: str, cell: str) -> None:
    assert condition(pattern).holds(cell) == fnmatchcase(cell, pattern)


def test_one_of_several_values_is_enough() -> None:
    wanted = condition(["yes", "Permit * by *"])
    assert [wanted.holds(cell) for cell in ("yes", "Permit APPROVED by DIRECTOR", "no", "", "Permit by")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="leave the column out"):
        condition([])


def test_a_hostile_pattern_takes_linear_time() -> None:
    assert not condition("*a" * 500 + "b").holds("a" * 1_000_000)
