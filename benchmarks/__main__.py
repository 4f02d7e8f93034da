"""`python -m benchmarks NAME... [--quick] [--keep]`: prints the tables of each benchmark."""

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks import audit, commands, idle, imports, over_http, reads, replay
from benchmarks.tables import keep

NAMES: Final[Mapping[str, Callable[..., str]]] = {
    "commands": commands.measure,
    "audit": audit.measure,
    "http": over_http.measure,
    "reads": reads.measure,
    "imports": imports.measure,
    "replay": replay.measure,
    "idle": idle.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=NAMES, default=list(NAMES), help="what to measure")
    parser.add_argument("--quick", action="store_true", help="smoke test in seconds; the figures mean nothing")
    parser.add_argument("--keep", action="store_true", help="also write the tables to docs/benchmarks.md")
    asked = parser.parse_args()
    for name in asked.names:
        text = NAMES[name](quick=asked.quick)
        print(f"\n{text}\n", flush=True)
        if asked.keep:
            keep(name, text)


if __name__ == "__main__":
    main()
