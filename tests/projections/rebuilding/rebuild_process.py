"""A rebuild in a process of its own, to be killed: `… URL VIEW [JOBS EVENTS [READ]]`.

EVENTS: of a part. READ: so many events, and it stands still.
"""

import os
import signal
import sys

import pytest

from projections.catalogue import VIEW_OF
from projections.following import stream_ranges
from projections.reading.view_status import ProgressReport
from projections.rebuilding.rebuild import rebuild
from service.event_store.mapper import decode


def report(progress: ProgressReport) -> None:
    if progress.total:
        sys.stdout.write(f"{progress.processed}\n")
        sys.stdout.flush()
        if until and progress.processed >= until[0]:
            os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
    url, view, *numbers = sys.argv[1:]
    jobs, events, *until = map(int, numbers or (1, stream_ranges.EVENTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_ranges, "EVENTS", events)
        rebuild(VIEW_OF[view], url, decode, report, jobs=jobs)
