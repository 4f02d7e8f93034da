"""What takes most memory of a register, step by step in one process: `python -m tests.faults.memory_steps`.

Reads the URLs of a database from standard input, and prints the peak memory of each step in kilobytes, as JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild, verify
from projections.rebuilding.store_check import check
from projections.views import incidents
from service.event_store.mapper import decode
from service.settings import DatabaseUrls


def verify_all(urls: DatabaseUrls) -> None:
    for view in VIEWS:
        compared = verify(view, urls.worker, decode)
        assert compared is not None
        assert compared.differing == 0


def peak(step: Callable[[], object]) -> int:
    """Kilobytes of this process at most during the step."""
    Path("/proc/self/clear_refs").write_text("5")
    step()
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    urls = DatabaseUrls(**json.load(sys.stdin))
    steps: dict[str, Callable[[], object]] = {
        "rebuild": lambda: rebuild(incidents.VIEW, urls.worker, decode),
        "verify": lambda: verify_all(urls),
        "replay --check": lambda: check(urls.worker, decode),
    }
    json.dump({name: peak(step) for name, step in steps.items()}, sys.stdout)


def of(urls: DatabaseUrls) -> str:
    """For standard input."""
    return json.dumps(asdict(urls))


if __name__ == "__main__":
    main()
