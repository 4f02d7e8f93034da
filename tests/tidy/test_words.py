"""Words that no file may hold: what is left undone, and what is true of one machine alone."""

import re
from pathlib import Path

from tests.tidy.repository import ROOT, SOURCE, files, name, text_files

UNDONE = re.compile("|".join([r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bX" + r"XX\b", "NotImplemented" + "Error"]))
HOSTS = re.compile(
    "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "deb" + r"\.debian\.org"])
)
MACHINE = re.compile("|".join([r"(?<![\w.$}])/(work|root|home|Users)/\w", r"\.lib" + r"rary\b"]))
MAY_DO_WITHOUT = {"Makefile"}  # an example's default, which says where else its data are found
SHARED = re.compile(r"\.\./sha" + "red|" + r"\bsha" + r"red/(design|contract|facts|anchors|data)")


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    hits = []
    for path in paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if pattern.search(line):
                hits.append(f"{name(path)}:{number}: {line.strip()[:100]}")
    return hits


def test_nothing_is_left_for_later() -> None:
    assert found(UNDONE, text_files()) == []


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    assert found(HOSTS, text_files()) == []
    assert found(MACHINE, text_files()) == []


def test_what_lies_beside_the_repository_is_read_only_by_tests_that_do_without() -> None:
    readers = {
        path
        for path in text_files()
        if name(path) not in MAY_DO_WITHOUT and SHARED.search(path.read_text(errors="replace"))
    }
    needing = {path for path in readers if path.suffix != ".py" or "skip" not in path.read_text()}
    assert found(SHARED, sorted(needing)) == []
    assert [name(path) for path in readers if path.relative_to(ROOT).parts[0] != "tests"] == []


def test_the_folder_of_migrations_never_shadows_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not (ROOT / "alembic" / "versions" / "__init__.py").exists()


def test_every_folder_of_code_and_tests_is_a_package() -> None:
    folders = {path.parent for path in files() if path.suffix == ".py"}
    packages = {folder for folder in folders if folder.relative_to(ROOT).parts[:1] and _is_code(folder)}
    assert [name(folder) for folder in sorted(packages) if not (folder / "__init__.py").exists()] == []


def _is_code(folder: Path) -> bool:
    return folder.relative_to(ROOT).parts[0] in {*SOURCE, "tests", "benchmarks"}
