"""The process map of an event log: which event follows which, and how often."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import mmdr

XES: Final = "{http://www.xes-standard.org/}"
RAREST: Final = 0.01
"""Share of the cases: what happens in fewer is left out."""


def process_map(log: Path) -> str:
    """An SVG of an exported XES log."""
    events, steps, cases = Counter[str](), Counter[tuple[str, str]](), 0
    for _, trace in ElementTree.iterparse(log):
        if trace.tag != f"{XES}trace":
            continue
        cases += 1
        names = [_name(event) for event in trace.iter(f"{XES}event")]
        events.update(names)
        steps.update(pairwise(names))
        trace.clear()
    shown = {name: count for name, count in events.items() if count >= cases * RAREST}
    lines = ["flowchart TD", *(f'  {name}["{name}<br/>{count:,}"]' for name, count in shown.items())]
    for (before, after), count in steps.items():
        if count >= cases * RAREST and {before, after} <= shown.keys():
            lines.append(f"  {before} -->|{count:,}| {after}")
    return str(mmdr.Diagram("\n".join(lines)).svg())


def _name(event: ElementTree.Element) -> str:
    [name] = [each.attrib["value"] for each in event if each.attrib.get("key") == "concept:name"]
    return name
