"""The files and figures of the BPIC 2020 example."""

from pathlib import Path

ROOT = Path(__file__).parents[4]
LOG = ROOT.parent / "shared" / "data" / "bpic2020_permits.xes.gz"
CASES, EVENTS = 1_478, 26_028
CARRIED = 331
"""Trips before their permit was submitted: the period asked for tells them."""
ADDED = 1_474
"""Beginnings of a review, which the log does not tell."""
REFUSED = 158
FOUNDED = 3
"""Lines that register the authorities and grant the mandate."""
