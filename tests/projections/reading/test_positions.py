"""How far views are, as a process knows it, where a server falls while it is asked."""

import asyncio

from projections.reading.positions import ViewPositions


def test_positions_from_before_a_crash_are_read_again() -> None:
    """The asking itself may meet the fall, and what it finds then is true, or older: it is found out again."""
    answers = iter(({"view": 9}, {"view": 7}))

    async def ask() -> dict[str, int]:
        found = next(answers)
        if found["view"] == 9:
            positions.reset()
        return found

    positions = ViewPositions(ask)
    assert asyncio.run(positions.minimum(["view"])) == 7
