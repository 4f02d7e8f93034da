"""The committed page and picture of the lifecycle match the tables."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import RequestStatus
from domain.incident.lifecycle import STEPS as INCIDENT_STEPS
from scripts.lifecycle_docs.page import page
from scripts.lifecycle_docs.picture import PLACES, picture
from scripts.lifecycle_docs.rows import incident_rows, label, request_rows

DOCS = Path(__file__).resolve().parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("name", "made"), [("lifecycle.md", page), ("lifecycle.svg", picture)])
def test_what_is_committed_is_what_the_table_says(name: str, made: object) -> None:
    assert callable(made)
    assert (DOCS / name).read_text() == made(), "make generate"


def test_every_step_of_both_tables_is_listed() -> None:
    assert [row.action for row in request_rows()] == [step.action for step in STEPS]
    assert [row.action for row in incident_rows()] == [step.action for step in INCIDENT_STEPS]
    for step in (*STEPS, *INCIDENT_STEPS):
        assert f"\n| `{step.action}` |" in page()


def test_every_status_has_a_place_of_its_own() -> None:
    assert set(PLACES) == set(RequestStatus)
    assert len(set(PLACES.values())) == len(PLACES)


def test_the_picture_has_an_arrow_for_each_change_of_status_and_no_other() -> None:
    drawn = ElementTree.fromstring(picture())
    arrows = [each for each in drawn.iter(f"{SVG}path") if "marker-end" in each.attrib]
    changes = [(start, end) for step in STEPS for start in step.states for end in step.leads_to]
    assert len(arrows) == len(changes) == 11
    assert len([each for each in arrows if each.get("class") == "register"]) == 1


def test_the_picture_names_every_status_and_every_step_and_says_it_in_words_too() -> None:
    drawn = ElementTree.fromstring(picture())
    texts = [each.text or "" for each in drawn.iter(f"{SVG}text")]
    assert {label(status) for status in RequestStatus} <= set(texts)
    for step in STEPS:
        assert any(label(step.action) in text for text in texts), step.action
    description = drawn.findtext(f"{SVG}desc") or ""
    assert "submitted to under review by begin review" in description
    assert description.count(" by ") == 11


def test_nothing_is_drawn_outside_the_picture() -> None:
    drawn = ElementTree.fromstring(picture())
    width, height = (float(number) for number in drawn.attrib["viewBox"].split()[2:])
    for box in drawn.iter(f"{SVG}rect"):
        left, top, wide, high = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= left < left + wide <= width
        assert 0 <= top < top + high <= height
    for line in drawn.iter(f"{SVG}path"):
        if "marker-end" in line.attrib:
            x, y, to_x, to_y = (float(number) for number in re.findall(r"-?\d+", line.attrib["d"]))
            assert 0 <= min(x, to_x) <= max(x, to_x) <= width
            assert 0 <= min(y, to_y) <= max(y, to_y) <= height
