"""`python -m tests.drill --seconds 180`: prints what was lost; exit status 1 where something is wrong."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.drill.run import drill

arguments = argparse.ArgumentParser(prog="python -m tests.drill")
arguments.add_argument("--seconds", type=float, default=180, help="of load")
arguments.add_argument("--folder", type=Path, help="empty, for data, backups and logs; kept afterwards")
chosen = arguments.parse_args()
with tempfile.TemporaryDirectory() as temporary:
    report = drill(chosen.folder or Path(temporary), chosen.seconds)
print("\n".join(report.lines))
sys.exit(1 if report.problems else 0)
