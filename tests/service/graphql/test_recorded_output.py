"""The command line records what it shows and writes; the worker deletes old entries."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from service.cli import application
from service.processes.access_log_retention import delete_expired
from tests.service.graphql.access_entries import REQUEST, entries, found, number, red, unwritable
from tests.service.graphql.api_client import KEY, ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def command_line(here: Scenario, folder: Path, patched: pytest.MonkeyPatch) -> Callable[..., Result]:
    (folder / "key").write_bytes(KEY)
    patched.setenv("MANDATE_DATABASE_URL", here.register.urls.api)
    patched.setenv("MANDATE_TOKEN_KEY_FILE", str(folder / "key"))

    def run(*arguments: str, who: Person | None = None) -> Result:
        given = ("--token", here.register.token(who)) if who else ()
        return CliRunner().invoke(application(arguments[0]), [*arguments, *given])

    return run


def test_the_command_line_is_recorded(here: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urls, run = here.register.urls, command_line(here, tmp_path, monkeypatch)
    incident, another = here.incident(marking="RED", recipients=[here.reviewer.subject]), here.of("asker", "another")
    unseen = here.incident(another, marking="RED", recipients=[here.reviewer.subject])["id"]
    request = here.request(marking="CLEAR", incidents=[incident["id"]])
    here.ask(here.requester, REQUEST, id=request["id"])
    commands = {
        "history": ("history", request["reference"]),
        "explanation": ("explain", request["reference"]),
        "dossier": ("dossier", request["reference"], "--output", str(tmp_path / "printed.html")),
        "export": ("export", "--format", "jsonl", "--output", "-", "--request", request["reference"]),
    }
    for what, arguments in commands.items():
        for who, person in ((None, "operator"), (here.requester, here.requester.subject)):
            done = run(*arguments, who=who)
            assert done.exit_code == 0, done.output
            (entry,) = (each for each in entries(urls, request["id"]) if (each.person, each.what) == (person, what))
            assert incident["id"] in entry.subjects
            assert entry.marking == "RED"
    whole = {"trail": ("trail",), "export": ("export", "--format", "jsonl", "--output", "-")}
    for what, arguments in whole.items():
        before = number(urls)
        assert run(*arguments, who=here.requester).exit_code == 0
        assert number(urls) == before + 1, what
    assert entries(urls, unseen) == found(here, unseen, another)
    (tmp_path / "printed.html").unlink()
    with unwritable(urls):
        for arguments in (*commands.values(), *whole.values()):
            refused = run(*arguments, who=here.requester)
            assert (refused.exit_code != 0, refused.stdout) == (True, ""), arguments
    assert not (tmp_path / "printed.html").exists()


def test_a_printed_inbox_is_recorded_by_the_markings_in_force(
    register: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scenario(register)
    run, reviewer = command_line(here, tmp_path, monkeypatch), here.reviewer
    raised, plain, secret = here.request(fields="updatedAt"), here.request()["id"], red(here)
    here.mark(reviewer, raised["id"], "AMBER_STRICT")
    for arguments, shown in (((), {raised["id"], secret}), (("--as-of", raised["updatedAt"]), {raised["id"]})):
        before = len(found(here, raised["id"], reviewer, "inbox"))
        done = run("inbox", *arguments, who=reviewer)
        assert done.exit_code == 0, done.output
        *_, entry = found(here, raised["id"], reviewer, "inbox")
        assert len(found(here, raised["id"], reviewer, "inbox")) == before + 1
        assert set(entry.subjects) == shown
    assert found(here, plain, reviewer, "inbox") == []
    with unwritable(register.urls):
        refused = run("inbox", who=reviewer)
        assert (refused.exit_code != 0, refused.stdout) == (True, "")


def test_the_service_changes_no_entry_and_the_worker_deletes_old_ones(here: Scenario) -> None:
    urls, request = here.register.urls, red(here)
    for role in (urls.api, urls.worker, urls.owner):
        with psycopg.connect(role) as connection, pytest.raises(psycopg.Error):
            connection.execute("UPDATE event_store.access_log SET what = 'nothing'")
    with psycopg.connect(urls.api) as connection:
        assert connection.execute("SELECT * FROM event_store.access_log").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM event_store.access_log")
    with psycopg.connect(urls.owner) as connection:
        connection.execute(
            """INSERT INTO event_store.access_log SELECT gen_random_uuid(), at - interval '31 days', reader_kind,
            reader_issuer, 'long ago', reader_authority, reader_roles, what, subjects, document, marking, audience
            FROM event_store.access_log WHERE subjects @> ARRAY[%s::uuid]""",
            [request],
        )
    before = entries(urls, request)
    assert [each.person for each in before] == ["long ago", here.requester.subject]
    assert delete_expired(urls.worker, 30) == 1
    assert entries(urls, request) == before[1:]
