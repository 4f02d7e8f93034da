"""`mandate dossier`: files, standard output, and refusals in one line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.access.own_tokens import Tokens
from service.cli import application
from service.processes.composition import now
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import EXAMPLE, Importer, opened

KEY = b"k" * 32


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


@pytest.fixture
def run(database_urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    key = tmp_path / "key"
    key.write_bytes(KEY)
    monkeypatch.setenv("MANDATE_DATABASE_URL", database_urls.api)
    monkeypatch.setenv("MANDATE_TOKEN_KEY_FILE", str(key))
    return lambda *arguments: CliRunner().invoke(application("dossier"), ("dossier", *arguments))


def test_a_dossier_is_printed_from_the_command_line(register: Importer, run: Any, tmp_path: Path) -> None:
    register.reads(EXAMPLE)
    for name, begins in (("d.html", b"<!doctype html>"), ("d.PDF", b"%PDF-")):
        result: Result = run("exercise-lowland-2017-0001", "--output", str(tmp_path / name))
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert "GREEN, printed on" in result.stderr
        assert "by the operator of the register" in result.stderr
        assert result.stderr.endswith(f"; SHA-256 {sha256((tmp_path / name).read_bytes()).hexdigest()}\n")
    for form, begins in (([], b"%PDF-"), (["--format", "html"], b"<!doctype html>")):
        result = run("exercise-lowland-2017-0001", "--output", "-", *form)
        assert result.exit_code == 0, result.output
        assert result.stdout_bytes.startswith(begins)
        assert result.stderr.startswith("-: GREEN, printed on")
        assert result.stderr.endswith(f"; SHA-256 {sha256(result.stdout_bytes).hexdigest()}\n")
    actor = Actor(
        issuer=ISSUER, subject=Subject("eva"), authority=AuthorityCode("exercise-upland"), roles=(Role.AUDITOR,)
    )
    token = Tokens(KEY).issue(actor, name="Eva", now=datetime.now(UTC), lifetime=timedelta(hours=1))
    result = run("exercise-lowland-2017-0001", "--output", str(tmp_path / "e.html"), "--token", token)
    assert "for eva, EXERCISE: command of Upland (exercise-upland)" in result.stderr
    assert "for eva" in (tmp_path / "e.html").read_text()


def test_a_dossier_that_cannot_be_printed_is_reported_in_one_line(register: Importer, run: Any, tmp_path: Path) -> None:
    register.reads(EXAMPLE)
    reference = "exercise-lowland-2017-0001"
    ahead = (now() + timedelta(days=1)).isoformat()
    for said, arguments in (
        ("ends in .html or .pdf", (reference, "--output", str(tmp_path / "d.txt"))),
        ("choose html or pdf", (reference, "--output", "-", "--format", "docx")),
        ("there is no folder", (reference, "--output", str(tmp_path / "none" / "d.html"))),
        ("there is no deployment request", ("lowland-2017-0002", "--output", str(tmp_path / "d.html"))),
        ("there is no deployment request", ("exercise-lowland-i-2017-0001", "--output", str(tmp_path / "d.html"))),
        ("by then", (reference, "--output", str(tmp_path / "d.html"), "--as-of", "2020-01-01T00:00:00Z")),
        ("lies ahead", (reference, "--output", str(tmp_path / "d.html"), "--as-of", ahead)),
        ("token", (reference, "--output", str(tmp_path / "d.html"), "--token", "forged")),
    ):
        result: Result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
