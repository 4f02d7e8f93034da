"""Every dependency has a reason, a hash and a licence that we can live with."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.repository import ROOT, project

PINNED = ROOT / "requirements"
DECISIONS = ROOT / "docs" / "decisions"
COPYLEFT = re.compile(r"\b(A|L)?GPL|General Public|SSPL|Business Source", re.IGNORECASE)
MAY_STAY = {"psycopg", "psycopg-binary", "psycopg-pool"}  # LGPL, used as it comes and never changed


def asked_for() -> list[str]:
    """What pyproject.toml names: its own dependencies, those of its extras and of its groups."""
    lines = [
        *project()["project"]["dependencies"],
        *(line for extra in project()["project"]["optional-dependencies"].values() for line in extra),
        *(line for group in project()["dependency-groups"].values() for line in group),
    ]
    return [canonicalize_name(Requirement(line).name) for line in lines]


@cache
def providers() -> dict[str, list[str]]:
    """Package that can be imported -> the distributions that have it."""
    return {package: [canonicalize_name(name) for name in names] for package, names in packages_distributions().items()}


def imported(*folders: str) -> set[str]:
    """The top-level packages that the files below the folders import, but for our own and Python's.

    The quick starts have environments of their own.
    """
    own = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "alembic"}
    found = set()
    quick_starts = ROOT / "examples" / "clients"
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    for path in (path for path in paths if quick_starts not in path.parents):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                found.add(node.module.partition(".")[0])
    return found - own - sys.stdlib_module_names


def declared(lines: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in lines}


def pinned(file: Path) -> list[Requirement]:
    lines = [line.removesuffix("\\").strip() for line in file.read_text().splitlines() if re.match(r"\w", line)]
    return [Requirement(line) for line in lines]


def licence(package: str) -> str:
    fields = metadata(package).json
    classifiers = [line for line in fields.get("classifier", []) if line.startswith("License ::")]
    free_text = str(fields.get("license", "")).strip().splitlines()[:1]
    return " | ".join([*filter(None, [str(fields.get("license_expression", ""))]), *free_text, *classifiers])


@pytest.mark.parametrize("package", sorted(set(asked_for())))
def test_every_dependency_has_its_reason_in_a_decision(package: str) -> None:
    reasons = "\n".join(path.read_text() for path in DECISIONS.glob("*.md"))
    assert re.search(rf"^[-|] .*`{re.escape(package)}(\[\w+\])?`", reasons, re.MULTILINE), (
        f"docs/decisions: why {package}?"
    )


def test_every_import_of_what_runs_is_declared() -> None:
    asked = declared(project()["project"]["dependencies"])
    undeclared = {
        each
        for each in imported("domain", "projections", "service", "alembic")
        if not asked & {*providers().get(each, ())}
    }
    assert undeclared == set()


def test_every_import_of_tests_and_benchmarks_is_declared() -> None:
    asked = set(asked_for())
    folders = ("tests", "benchmarks", "examples")
    assert {each for each in imported(*folders) if not asked & {*providers().get(each, ())}} == set()


def test_every_range_ends_below_a_next_major_version() -> None:
    """But for those whose numbers are dates, and what only builds."""
    lines = [*project()["project"]["dependencies"], *project()["dependency-groups"]["dev"]]
    ends = {Requirement(line).name: {each.operator for each in Requirement(line).specifier} for line in lines}
    assert {name for name, operators in ends.items() if not operators & {"<", "==", "~="}} == {"packaging"}


@pytest.mark.parametrize("file", sorted(PINNED.glob("*.txt")), ids=lambda file: file.name)
def test_requirements_are_pinned_by_hash_and_name_no_index(file: Path) -> None:
    requirements = pinned(file)
    assert requirements
    assert [str(each) for each in requirements if not str(each.specifier).startswith("==")] == []
    blocks = re.split(r"^(?=\w)", file.read_text(), flags=re.MULTILINE)
    assert [block.split()[0] for block in blocks if re.match(r"\w", block) and "--hash=sha256:" not in block] == []
    assert "://" not in file.read_text()


def test_the_files_agree_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for file in PINNED.glob("*.txt"):
        for each in pinned(file):
            versions.setdefault(canonicalize_name(each.name), set()).add(str(each.specifier))
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}
    assert set(asked_for()) - versions.keys() == set()


@pytest.mark.parametrize("requirement", pinned(PINNED / "tracing.txt"), ids=lambda requirement: requirement.name)
def test_what_runs_is_free_to_use_and_to_ship(requirement: Requirement) -> None:
    if requirement.marker and not requirement.marker.evaluate():
        pytest.skip("not for this platform")
    try:
        stated = licence(requirement.name)
    except PackageNotFoundError:
        pytest.fail(f"{requirement.name} is pinned and not installed: make setup")
    assert stated, f"{requirement.name} tells no licence"
    assert canonicalize_name(requirement.name) in MAY_STAY or not COPYLEFT.search(stated), stated
