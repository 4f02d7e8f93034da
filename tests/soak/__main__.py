"""`python -m tests.soak --minutes 30`: prints what happened; exit status 1 where something is wrong."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.run import soak

arguments = argparse.ArgumentParser(prog="python -m tests.soak")
arguments.add_argument("--minutes", type=float, default=30)
arguments.add_argument("--seed", type=int, default=1, help="of what is killed when")
arguments.add_argument("--folder", type=Path, help="empty, for data and logs; kept afterwards")
chosen = arguments.parse_args()
with tempfile.TemporaryDirectory() as temporary:
    report = soak(chosen.folder or Path(temporary), 60 * chosen.minutes, chosen.seed)
print("\n".join(report.lines()))
sys.exit(1 if report.problems else 0)
