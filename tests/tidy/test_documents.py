"""Documents name what exists, and decisions stay short enough to be read."""

import re
from pathlib import Path

import pytest

from tests.tidy.repository import ROOT, files, name

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
DECISIONS = [path for path in DOCUMENTS if path.is_relative_to(ROOT / "docs" / "decisions")]
LINES_A_DECISION = 40


def recipe_paths() -> list[str]:
    """Paths in backticks in CONTRIBUTING.md; `AREA` and the like stand for any name."""
    named = re.findall(r"`([\w./<>*-]+/[\w./<>*-]*)`", (ROOT / "CONTRIBUTING.md").read_text())
    return sorted(set(named))


@pytest.mark.parametrize("path", recipe_paths())
def test_the_recipes_name_files_that_exist(path: str) -> None:
    pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
    assert any(ROOT.glob(pattern)), f"CONTRIBUTING.md names {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    ours = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in ours if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_a_decision_is_short_and_says_what_else_was_considered(decision: Path) -> None:
    text = decision.read_text()
    assert len(text.splitlines()) <= LINES_A_DECISION
    assert text.startswith("# ")
    assert "## Considered" in text


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [int(path.name.partition("-")[0]) for path in sorted(DECISIONS) if path.name[0].isdecimal()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
