"""A rebuild in a process of its own, to be killed: `… URL VIEW [JOBS EVENTS]`, the events of a part."""

import sys

import pytest

from projections import parts
from projections.catalogue import VIEW_OF
from projections.checkpoints import Progress
from projections.rebuilding.rebuild import rebuild
from service.decoding import decode


def tell(progress: Progress) -> None:
    if progress.total:
        sys.stdout.write(f"{progress.processed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    url, view, *numbers = sys.argv[1:]
    jobs, events = map(int, numbers or (1, parts.EVENTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "EVENTS", events)
        rebuild(VIEW_OF[view], url, decode, tell, jobs=jobs)
