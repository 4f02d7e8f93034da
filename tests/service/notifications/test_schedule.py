"""When messages are sent again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.notifications.schedule import ATTEMPTS, JITTER, LONGEST, retry_after, retry_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_ten_attempts_take_three_days() -> None:
    at = NOW
    for failed in range(1, ATTEMPTS):
        found = retry_at(failed, at, None, lambda low, high: 1.0)
        assert found is not None
        at = found
    assert (ATTEMPTS, retry_at(ATTEMPTS, at, None)) == (10, None)
    assert timedelta(days=3) < at - NOW < timedelta(days=3, hours=5)


@given(st.integers(1, ATTEMPTS - 1), st.timedeltas(timedelta(), timedelta(days=9)), st.floats(1 - JITTER, 1 + JITTER))
def test_a_receiver_that_asks_for_time_gets_it_up_to_a_day(failed: int, asked: timedelta, chance: float) -> None:
    at = retry_at(failed, NOW, asked, lambda low, high: chance)
    unasked = retry_at(failed, NOW, None, lambda low, high: chance)
    assert at is not None
    assert unasked is not None
    assert at == max(unasked, NOW + min(asked, LONGEST))


def test_the_header_has_seconds_or_a_date() -> None:
    assert retry_after("120", NOW) == timedelta(seconds=120)
    assert retry_after("Sun, 01 Mar 2026 12:00:30 GMT", NOW) == timedelta(seconds=30)
    assert retry_after("Sun, 01 Mar 2026 11:00:00 GMT", NOW) == timedelta()
    for header in (None, "", "-5", "soon", "9" * 30, "²", "Sun, 01 Mar 2026 12:00:30"):
        assert retry_after(header, NOW) is None
