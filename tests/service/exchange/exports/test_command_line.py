"""`mandate export`, `history` and `trail` as they are run, and what they refuse, in one line each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.authority import stream_of
from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.vocabulary import Actor, AuthorityCode, Role, Subject, iso_time
from projections.rows.audit_entries import subject_of
from service.access.identity import ISSUER
from service.access.own_tokens import Tokens
from service.cli import application
from service.cli.timeline import COLUMNS
from service.errors import Unavailable
from tests.databases import Databases
from tests.service.access.issuer import ec_key, local_issuer
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.exporter import EVERY_FORM, Exporter, Numbered, filled

KEY = b"k" * 32
EVA = Actor(issuer=ISSUER, subject=Subject("eva"), authority=AuthorityCode("alpha"), roles=(Role.OBSERVER,))
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def register(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    folder = tmp_path_factory.mktemp("command-line")
    with databases.fresh() as urls, filled(urls, folder, Numbered(5), 120) as made:
        made.world.apply()
        yield made


@pytest.fixture
def run(register: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the register."""
    key = tmp_path / "key"
    key.write_bytes(KEY)
    monkeypatch.setenv("MANDATE_DATABASE_URL", register.world.urls.api)
    monkeypatch.setenv("MANDATE_TOKEN_KEY_FILE", str(key))
    monkeypatch.setenv("MANDATE_VIEW_TIMEOUT", "0.1")
    return lambda *arguments: CliRunner().invoke(application(arguments[0]), arguments)


def token(lasts: timedelta = timedelta(hours=1)) -> str:
    return Tokens(KEY).issue(EVA, name=None, now=datetime.now(UTC), lifetime=lasts)


@pytest.mark.parametrize("form", EVERY_FORM, ids=lambda form: "-".join(map(str, form)))
def test_every_form_is_written(run: Run, tmp_path: Path, form: tuple[str, str, bool]) -> None:
    name, ending, events = form
    output = tmp_path / f"export.{ending}"
    result = run("export", "--format", name, "--output", str(output), *(["--events"] if events else []))
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert output.stat().st_size > 1000


def test_lines_go_to_standard_output(run: Run, register: Exporter) -> None:
    result = run("export", "--format", "jsonl", "--output", "-")
    assert result.stdout.count("\n") == len(register.log)
    assert result.stderr == ""


def test_a_token_and_an_instant_narrow_what_is_reported(run: Run, register: Exporter, tmp_path: Path) -> None:
    middle = register.log[len(register.log) // 2]
    before = [recorded for recorded in register.log if recorded.recorded_at <= middle.recorded_at]
    as_of = iso_time(middle.recorded_at)
    everything = run("export", "--format", "jsonl", "--output", "-", "--as-of", as_of).stdout
    assert everything.count("\n") == len(before)
    seen = run("export", "--format", "jsonl", "--output", "-", "--as-of", as_of, "--token", token()).stdout
    assert 0 < seen.count("\n") < len(before)
    assert set(seen.splitlines()) - set(everything.splitlines()) != set()


def test_a_token_comes_from_a_file_or_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no other user of the machine reads it in the list of processes."""
    given = token()
    (tmp_path / "token").write_text(f"{given}\n")
    export = ("export", "--format", "jsonl", "--output", "-")
    seen = run(*export, "--token", given).stdout
    assert seen != run(*export).stdout
    assert run(*export, "--token", f"@{tmp_path / 'token'}").stdout == seen
    refused(run(*export, "--token", f"@{tmp_path / 'none'}"), "cannot be read: No such file or directory")
    monkeypatch.setenv("MANDATE_TOKEN", given)
    assert run(*export).stdout == seen


def test_a_token_of_an_issuer_is_accepted(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = ("export", "--format", "jsonl", "--output", "-")
    seen = run(*export, "--token", token()).stdout
    with local_issuer() as issuer:
        issuer.keys = [ec_key("first")]
        (tmp_path / "issuers.toml").write_text(f"""
            [[issuers]]
            issuer = "{issuer.url}"
            audience = "mandate"
            clients = ["console"]
            authorities = ["alpha"]
            cool_down = 0.01
            [[issuers.grants]]
            group = "readers"
            authority = "alpha"
            roles = ["OBSERVER"]""")
        monkeypatch.setenv("MANDATE_ISSUERS", str(tmp_path / "issuers.toml"))
        given = issuer.token(sub="eva", groups=["readers"])
        assert run(*export, "--token", token()).stdout == seen, "the register's own are accepted beside them"
        monkeypatch.delenv("MANDATE_TOKEN_KEY_FILE")
        assert run(*export, "--token", given).stdout == seen
        refused(run(*export, "--token", token()), "'iss' is not an issuer that is accepted here")
        issuer.dropped = True
        assert isinstance(run(*export, "--token", given).exception, Unavailable)


def test_one_request_is_exported(run: Run, register: Exporter, tmp_path: Path) -> None:
    request = next(iter(register.states(DEPLOYMENT_REQUEST).values()))
    output = tmp_path / "one.csv"
    result = run("export", "--format", "csv", "--output", str(output), "--request", request.reference)
    assert result.exit_code == 0, result.output
    assert [row["reference"] for row in readers.table(output)] == [request.reference]


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("mandate: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "pdf"), "there is no format 'pdf': choose one of csv, jsonl, cloudevents, ocel2, xes"),
        (("--format", "xes", "--events"), "--events is for csv"),
        (("--format", "csv", "--request", "alpha-2024-9999"), "there is no deployment request 'alpha-2024-9999'"),
        (("--format", "csv", "--request", "no reference at all"), "there is no deployment request"),
        (("--format", "csv", "--request", "alpha-i-2024-0001"), "there is no deployment request"),
        (("--format", "csv", "--as-of", "yesterday"), "--as-of: 'yesterday' is not an instant"),
        (("--format", "csv", "--as-of", "2024-11-29T18:00:00"), "is not an instant with an offset"),
        (("--format", "csv", "--as-of", "2999-01-01T00:00:00Z"), "lies ahead"),
        (("--format", "csv", "--token", "forged"), "The token is not one of this register's."),
        (("--format", "csv", "--token", token(lasts=timedelta(seconds=-1))), "The token has expired"),
    ],
)
def test_bad_export_arguments_are_refused(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    output = tmp_path / "export.csv"
    before = set(tmp_path.iterdir())
    refused(run("export", "--output", str(output), *arguments), message)
    assert set(tmp_path.iterdir()) == before


def test_a_missing_folder_is_refused(run: Run, tmp_path: Path) -> None:
    output = str(tmp_path / "missing" / "export.csv")
    refused(run("export", "--format", "csv", "--output", output), "there is no folder")


def test_a_request_submitted_after_the_instant_is_refused(run: Run, register: Exporter) -> None:
    request = next(iter(register.states(DEPLOYMENT_REQUEST).values()))
    before = iso_time(register.log[0].recorded_at)
    refused(run("history", request.reference, "--as-of", before), f"'{request.reference}' by then")


def test_an_empty_register_is_exported(
    run: Run, databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with databases.fresh() as urls:
        monkeypatch.setenv("MANDATE_DATABASE_URL", urls.api)
        for name, ending, events in EVERY_FORM:
            output = str(tmp_path / f"empty.{ending}")
            result = run("export", "--format", name, "--output", output, *(["--events"] if events else []))
            assert result.exit_code == 0, result.output
    assert readers.ocel(tmp_path / "empty.json")["events"] == []
    assert readers.ocel(tmp_path / "empty.sqlite")["objects"] == []
    assert readers.xes(tmp_path / "empty.xes")["traces"] == []


@pytest.mark.parametrize("aggregate", [DEPLOYMENT_REQUEST, INCIDENT], ids=lambda aggregate: aggregate.name)
def test_a_history_is_a_line_an_event_for_programs(run: Run, register: Exporter, aggregate: Any) -> None:
    subject = next(iter(register.states(aggregate).values()))
    own = [recorded for recorded in register.log if recorded.stream == subject.id]
    names, *rows = [line.split("\t") for line in run("history", subject.reference).stdout.splitlines()]
    assert names == [each for each in COLUMNS if each != "subject"]
    assert [(row[0], row[2], row[3], row[4], row[5], row[7]) for row in rows] == [
        (
            iso_time(each.recorded_at),
            str(each.position),
            str(each.version),
            type(each.event).__name__,
            " for ".join(subject for _, subject in each.actor.persons),
            each.actor.authority,
        )
        for each in own
    ]
    assert {len(row) for row in rows} == {11}


def test_a_history_that_may_not_be_seen_does_not_exist(run: Run, register: Exporter) -> None:
    subjects = register.states(DEPLOYMENT_REQUEST) | register.states(INCIDENT)
    _, visibility = register.scope(EVA)
    hidden = next(each for each in subjects.values() if not visibility.of([each.id])[each.id].visible)
    assert run("history", hidden.reference).exit_code == 0
    refused(run("history", hidden.reference, "--token", token()), f"'{hidden.reference}' that may be seen")


def test_the_trail_is_filtered(run: Run, register: Exporter) -> None:
    log = register.log
    one = log[len(log) // 2]
    kinds = ("RequestRemarked", "EvidenceRecorded")
    for arguments, expected in (
        (("--actor", "p2"), [each for each in log if each.actor.subject == "p2"]),
        (("--authority", "bravo"), [each for each in log if each.actor.authority == "bravo"]),
        (("--type", kinds[0], "--type", kinds[1]), [each for each in log if type(each.event).__name__ in kinds]),
        (("--subject", str(one.stream)), [each for each in log if subject_of(each) == one.stream]),
        (("--subject", "alpha"), [each for each in log if subject_of(each) == stream_of(AuthorityCode("alpha"))]),
        (("--from", iso_time(one.recorded_at)), [each for each in log if each.recorded_at >= one.recorded_at]),
        (("--until", iso_time(one.recorded_at)), [each for each in log if each.recorded_at < one.recorded_at]),
        (("--correlation", str(one.correlation)), [each for each in log if each.correlation == one.correlation]),
        (("--actor", "p2", "--authority", "nowhere"), []),
        (("--subject", str(one.stream), "--authority", "nowhere"), []),
        ((), log),
    ):
        result = run("trail", "--limit", "1000", *arguments)
        assert result.exit_code == 0, result.output
        names, *rows = [line.split("\t") for line in result.stdout.splitlines()]
        assert names == [*COLUMNS]
        assert [int(row[2]) for row in rows] == [recorded.position for recorded in expected], arguments


def test_the_trail_names_the_option_that_continues_it(run: Run, register: Exporter) -> None:
    result = run("trail", "--limit", "3")
    assert len(result.stdout.splitlines()) == 1 + 3
    hint = result.stderr.split("There is more: ")[1].split(",")[0]
    rest = run("trail", *hint.split(), "--limit", "1000")
    whole = run("trail", "--limit", "1000")
    assert result.stdout + "".join(rest.stdout.splitlines(keepends=True)[1:]) == whole.stdout
    assert run("trail", "--limit", str(len(register.log))).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--type", "RequestForgotten"), "no event is called 'RequestForgotten'"),
        (("--correlation", "first"), "--correlation: 'first' is no id"),
        (("--subject", "nope"), "there is no request, incident or authority 'nope' that you may see"),
        (
            ("--subject", "6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34"),
            "there is no request, incident or authority '6f1c1f6e-",
        ),
        (("--from", "today"), "--from: 'today' is not an instant"),
        (("--from", "2024-03-02", "--until", "2024-03-01"), "--until: it must lie after --from"),
        (
            ("--occurred-from", "2024-03-02", "--occurred-until", "2024-03-01"),
            "--occurred-until: it must lie after --occurred-from",
        ),
    ],
)
def test_bad_trail_arguments_are_refused(run: Run, arguments: tuple[str, ...], message: str) -> None:
    refused(run("trail", *arguments), message)


def test_a_trail_that_is_behind_says_so(
    run: Run, databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with databases.fresh() as urls, filled(urls, tmp_path, Numbered(1), 5):
        monkeypatch.setenv("MANDATE_DATABASE_URL", urls.api)
        refused(run("trail"), "audit_trail is at position 0", "a worker brings it up to date")
