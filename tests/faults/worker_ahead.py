"""A worker on a machine whose clock is 30 days ahead: `python -m tests.faults.worker_ahead`."""

import sys
from datetime import datetime

from service.cli import main
from service.processes import composition


def ahead() -> datetime:
    from datetime import UTC, timedelta

    return datetime.now(UTC) + timedelta(days=30)


if __name__ == "__main__":
    # Replaced within the function, so that it is ahead wherever it was imported or is a default.
    composition.now.__code__ = ahead.__code__
    sys.argv[1:] = ["worker"]
    main()
