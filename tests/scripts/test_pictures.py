"""The pictures of the documentation: small, complete, and without anything from another host."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pictures.process_map import process_map

ROOT = Path(__file__).parents[2]
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
LARGEST = 1_000_000
"""Bytes of all of them."""
LOG = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/">{}</log>"""
EVENT = '<event><string key="concept:name" value="{}"/></event>'


def test_they_are_small() -> None:
    assert sum(file.stat().st_size for file in PICTURES) < LARGEST


def test_each_is_shown_somewhere_and_each_that_is_shown_is_there() -> None:
    shown = {
        name
        for page in (*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md"))
        for name in re.findall(r"!\[[^]]+\]\(\S*pictures/([^)]+)\)", page.read_text())
    }
    assert shown == {file.name for file in PICTURES}


@pytest.mark.parametrize("file", [file for file in PICTURES if file.suffix == ".svg"], ids=lambda file: file.name)
def test_a_drawing_loads_nothing(file: Path) -> None:
    drawing = ElementTree.parse(file)
    assert "@import" not in file.read_text()
    assert "@font-face" not in file.read_text()
    assert [each.tag for each in drawing.iter() if each.tag.endswith(("script", "image", "foreignObject"))] == []


def test_a_process_map_counts_events_and_steps(tmp_path: Path) -> None:
    traces = (["Asked", "Decided"], ["Asked", "Amended", "Decided"], ["Asked", "Amended", "Decided"])
    written = "".join(f"<trace>{''.join(map(EVENT.format, trace))}</trace>" for trace in traces)
    (tmp_path / "log.xes").write_text(LOG.format(written))
    drawn = process_map(tmp_path / "log.xes")
    texts = "".join(ElementTree.fromstring(drawn).itertext()).split()
    for name, count in {"Asked": "3", "Amended": "2", "Decided": "3"}.items():
        assert any(name in text for text in texts)
        assert any(count in text for text in texts)
    assert sum(text.count("1") for text in texts) >= 1, "Asked -> Decided"
