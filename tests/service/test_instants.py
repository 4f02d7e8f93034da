"""Instants as clients write them: exact ones, and days."""

from datetime import UTC, datetime

import pytest

from service.instants import Day, from_instant, last_instant, read_instant, until_instant


@pytest.mark.parametrize(
    ("written", "begins", "ends", "last"),
    [
        ("2026-03-03", "2026-03-03", "2026-03-04", "2026-03-03T23:59:59.999999"),
        ("2024-02-29", "2024-02-29", "2024-03-01", "2024-02-29T23:59:59.999999"),
        ("9999-12-31", "9999-12-31", "9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999"),
        ("2026-03-03T00:00:00Z", *["2026-03-03"] * 3),
        ("2026-03-03t01:00:00,5+01:00", *["2026-03-03T00:00:00.5"] * 3),
    ],
)
def test_a_day_is_all_of_it_in_utc_and_an_instant_itself(written: str, begins: str, ends: str, last: str) -> None:
    found = read_instant(written)
    bounds = [from_instant(found), until_instant(found), last_instant(found)]
    assert bounds == [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (begins, ends, last)]
    assert not any(isinstance(each, Day) for each in bounds)


@pytest.mark.parametrize(
    "written",
    ["2026-3-3", "2026-03", "20260303", "2026-02-30", "2026-03-03Z", "2026-03-03T12:00", "٢٠٢٦-03-03", 20260303],
)
def test_everything_else_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="instant"):
        read_instant(written)
