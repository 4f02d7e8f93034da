"""What a wheel carries: the three floors and the migrations, and nothing that lands in another's folder."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.tidy.repository import ROOT, SOURCE, files, name, project


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (path,) = target.glob("*.whl")
    return ZipFile(path)


def carried(wheel: ZipFile) -> set[str]:
    return {each for each in wheel.namelist() if ".dist-info/" not in each}


def test_the_wheel_carries_every_module_and_what_lies_beside(wheel: ZipFile) -> None:
    ours = {name(path) for path in files() if path.relative_to(ROOT).parts[0] in SOURCE}
    assert ours - carried(wheel) == set()


def test_the_wheel_carries_the_migrations_under_our_own_package(wheel: ZipFile) -> None:
    migrations = {name(path) for path in files() if path.is_relative_to(ROOT / "alembic")}
    assert {f"service/{path}" for path in migrations} - carried(wheel) == set()


def test_the_wheel_carries_the_trusted_documents_under_our_own_package(wheel: ZipFile) -> None:
    documents = {name(path) for path in files() if path.is_relative_to(ROOT / "documents")}
    assert {f"service/{path}" for path in documents} - carried(wheel) == set()
    assert documents


def test_a_wheel_finds_its_trusted_documents(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    command = [sys.executable, "-m", "service.cli", "documents"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    names = [line.split()[1] for line in listed.splitlines()[1:]]
    assert sorted(names) == sorted(path.stem for path in files() if path.parent == ROOT / "documents")


def test_the_wheel_lands_in_no_folder_of_another(wheel: ZipFile) -> None:
    assert {each.split("/")[0] for each in carried(wheel)} == set(SOURCE)
    assert [each for each in carried(wheel) if "__pycache__" in each or Path(each).suffix == ".pyc"] == []


def test_the_wheel_brings_the_command_and_stays_at_home(wheel: ZipFile) -> None:
    (entry_points,) = (each for each in wheel.namelist() if each.endswith("entry_points.txt"))
    assert "mandate = service.cli:main" in wheel.read(entry_points).decode()
    assert "Private :: Do Not Upload" in project()["project"]["classifiers"]


def test_the_wheel_says_what_it_is(wheel: ZipFile) -> None:
    """Links within the README are to files of the repository. It has no public address that could be given."""
    (path,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
    fields, _, readme = wheel.read(path).decode().partition("\n\n")
    assert "License-Expression: LicenseRef-Proprietary" in fields
    assert "Description-Content-Type: text/markdown" in fields
    assert readme.strip() == (ROOT / "README.md").read_text().strip()
