"""A rebuild in a process of its own, to be killed: `python -m tests.projections.rebuilding_process URL VIEW`."""

import sys

from projections.catalogue import VIEW_OF
from projections.checkpoints import Progress
from projections.rebuild import rebuild
from tests.projections.world import decode


def tell(progress: Progress) -> None:
    sys.stdout.write(f"{progress.processed}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    rebuild(VIEW_OF[sys.argv[2]], sys.argv[1], decode, tell)
