"""`mandate import` on a register of its own: what a rejected mapping records, and what a dry run reports."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import application
from service.errors import Misconfigured
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import EXAMPLE, EXAMPLES, Importer, opened

Import = Callable[..., Result]
TABLE = EXAMPLES / "exercise.csv"
MAPPING = EXAMPLES / "exercise.toml"


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


@pytest.fixture
def imports(database_urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """The command. report: the name of its report in `tmp_path`."""
    monkeypatch.setenv("MANDATE_DATABASE_URL", database_urls.api)
    monkeypatch.setenv("MANDATE_OWNER_DATABASE_URL", database_urls.owner)

    def run(*arguments: object, report: str) -> Result:
        command = ["import", *map(str, arguments), "--report", str(tmp_path / report)]
        return CliRunner().invoke(application("import"), command, terminal_width=200)

    return run


def reported(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_a_field_that_a_mapping_gives_twice_is_rejected_before_anything_is_recorded(
    register: Importer, imports: Import, tmp_path: Path
) -> None:
    register.reads(EXAMPLE)
    before = register.store.head()
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING.read_text().replace("[fixed]", "[fixed]\n'actor.subject' = 'clerk'", 1))
    for option in ([], ["--dry-run"]):
        refused = imports(TABLE, "--mapping", mapping, *option, report="refused.jsonl")
        assert isinstance(refused.exception, Misconfigured)
        assert "'actor.subject' is in columns and in fixed" in str(refused.exception)
        assert register.store.head() == before
        assert not (tmp_path / "refused.jsonl").exists()
    accepted = imports(TABLE, "--mapping", MAPPING, report="accepted.jsonl")
    assert "8 lines: 8 recorded in 3 histories" in accepted.stdout
    assert register.store.head() > before


def test_a_dry_run_prints_and_reports_what_the_import_then_does(
    register: Importer, imports: Import, tmp_path: Path
) -> None:
    file = tmp_path / "histories.jsonl"
    file.write_bytes(EXAMPLE)
    before = register.store.head()
    dry = imports(file, "--dry-run", report="dry.jsonl")
    assert (dry.exit_code, register.store.head()) == (0, before)
    real = imports(file, report="real.jsonl")
    [head, *refused], [real_head, *really_refused] = (reported(tmp_path, name) for name in ("dry.jsonl", "real.jsonl"))
    assert head["run"].pop("dryRun") is True
    assert {**head["run"], "at": None} == {**real_head["run"], "at": None}
    assert refused == really_refused
    said = dry.stdout.replace("would be ", "").replace("Nothing was recorded.\n", "").replace("dry.jsonl", "real.jsonl")
    assert said == real.stdout
