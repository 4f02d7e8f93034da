"""msgspec takes note of a class when it first meets it: two threads that make it do so at once crash the process."""

import subprocess
import sys

NOTED = """
import projections.catalogue, service.event_store.mapper
from domain.catalogue import AGGREGATES, BLOCKED_PERSONS, CLAIM, NUMBERING, REGION_PARTS
from projections.rows.api_terms import MandateHolder

events = {event for aggregate in AGGREGATES for event in aggregate.events}
kept_by_no_view = {each.state for each in (BLOCKED_PERSONS, CLAIM, NUMBERING, REGION_PARTS)}
states = {aggregate.state for aggregate in AGGREGATES} - kept_by_no_view
print(*sorted(each.__name__ for each in events | states | {MandateHolder} if "__msgspec_cache__" not in vars(each)))
"""


def test_every_class_that_is_read_is_known_before_threads_begin() -> None:
    answer = subprocess.run([sys.executable, "-c", NOTED], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""
