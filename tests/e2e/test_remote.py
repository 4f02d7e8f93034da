"""Each reading command prints the same from a server as from the database, as the bearer of a token may see it."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

PERSONS = {
    "auditor": ("auditor", "kfor", "auditor"),
    "reviewer": ("reviewer", "kfor", "reviewer", "approver"),
    "requester": ("requester", "pristina", "requester"),
    "stranger": ("stranger", "elsewhere", "observer"),
}
HISTORY = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  reference incidents { reference } history(first: 100) { edges { node { position recordedAt correlationId } } } } }"""
COMMANDS = (
    "list",
    "list --order updated-asc --region xk --limit 1",
    "list --status APPROVED --status DENIED --not-questioned --text canal",
    "list --incident {incident} --as-of {then}",
    "list --submitted-from 2001-01-01 --submitted-until {then}",
    "list --requesting pristina --deciding kfor --not-overdue",
    "inbox",
    "inbox --overdue --as-of {then}",
    "inbox --limit 1",
    "history {request}",
    "history {request} --as-of {then}",
    "history {request} --newest-first",
    "history {request} --as-happened {then} --newest-first",
    "history {request} --as-happened 2001-01-01",
    "history {request} --as-of {then} --as-happened {then}",
    "history {incident} --as-happened {then}",
    "history {incident}",
    "history none-2024-0001",
    "explain {request}",
    "explain {request} --as-of {then}",
    "explain none-2024-0001 --as-of {then}",
    "trail",
    "trail --limit 3 --type RequestSubmitted --type RequestWithheld --type ReviewResumed",
    "trail --limit 3 --newest-first --before {position}",
    "trail --after {position} --newest-first --limit 4",
    "trail --after 3 --before {position}",
    "trail --type RequestSubmitted --type RequestWithheld --authority kfor",
    "trail --subject {request} --actor auditor",
    "trail --subject {incident} --from {then}",
    "trail --subject kfor --occurred-until 2999-01-01",
    "trail --subject nowhere-2024-0001",
    "trail --on-behalf-of approver",
    "trail --correlation {correlation}",
    "trail --limit 250",
)
EXPORTS = ("jsonl", "cloudevents", "csv", "csv --events", "ocel2", "xes", "xlsx")
EXPORTED = re.compile(rb'<date key="asOf" value="[^"]*"/>|<dcterms:(created|modified)[^/]*/dcterms:(created|modified)>')
PRINTED = re.compile(rb"Printed on [^<]*? UTC")


@pytest.fixture(scope="session")
def told(served: Served, demo_case: DemoCase) -> dict[str, str]:
    """What the commands are about: an instant, and a position, in the middle of the request's history."""
    auditor = served.token(*PERSONS["auditor"])
    found: Any = served.data(auditor, HISTORY, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    nodes = [edge["node"] for edge in found["history"]["edges"]]
    middle = nodes[len(nodes) // 2]
    return {
        "request": found["reference"],
        "incident": found["incidents"][0]["reference"],
        "then": middle["recordedAt"],
        "position": middle["position"],
        "correlation": middle["correlationId"],
    }


def said(served: Served, *arguments: str, **environment: str) -> tuple[int, str, str]:
    result = replace(served, environment={**served.environment, **environment}).invoke(*arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_the_same(served: Served, told: dict[str, str], command: str) -> None:
    for person in ("auditor", "requester"):
        is_the_same(served, person, *command.format(**told).split())


@pytest.mark.parametrize("command", ["list", "inbox", "history {request}", "explain {request}", "trail"])
def test_so_does_it_in_every_form_and_to_everybody(served: Served, told: dict[str, str], command: str) -> None:
    arguments = command.format(**told).split()
    outputs = {is_the_same(served, person, *arguments, "--json") for person in PERSONS}
    outputs |= {is_the_same(served, "reviewer", *arguments, FORCE_COLOR="1", COLUMNS="90")}
    assert len(outputs) > 2


def is_the_same(served: Served, person: str, *arguments: str, **environment: str) -> str:
    """What is said here and there."""
    given = [*arguments, "--token", served.token(*PERSONS[person])]
    here, there = said(served, *given, **environment), said(served, *given, "--url", served.url, **environment)
    assert there == here
    return here[1]


@pytest.mark.parametrize("form", EXPORTS)
def test_an_export_is_the_same(served: Served, told: dict[str, str], tmp_path: Path, form: str) -> None:
    name, *more = form.split()
    for number, person in enumerate((PERSONS["requester"], PERSONS["stranger"])):
        token = served.token(*person)
        for narrowed in ([], ["--request", told["request"], "--as-of", told["then"]]):
            files = [tmp_path / f"{number}-{len(narrowed)}-{where}.{name}" for where in ("here", "there")]
            written = [
                said(served, "export", "--format", name, *more, *narrowed, "--token", token, "--output", str(file), *at)
                for file, at in zip(files, ([], ["--url", served.url]), strict=True)
            ]
            assert [code for code, *_ in written] == [written[0][0]] * 2, written
            assert {err.replace(str(file), "") for (_, _, err), file in zip(written, files, strict=True)} == {
                written[0][2].replace(str(files[0]), "")
            }
            if written[0][0] == 0:
                assert content(files[1]) == content(files[0])


def content(file: Path) -> dict[str, bytes]:
    """The parts of a workbook, or the file; without the time of the export."""
    if file.suffix != ".xlsx":
        return {"file": EXPORTED.sub(b"", file.read_bytes())}
    with ZipFile(file) as workbook:
        return {name: EXPORTED.sub(b"", workbook.read(name)) for name in workbook.namelist()}


def test_standard_output_and_databases_are_the_same(served: Served, told: dict[str, str], tmp_path: Path) -> None:
    token = served.token(*PERSONS["auditor"])
    for form in (["csv"], ["csv", "--events"], ["jsonl"]):
        command = ["export", "--format", *form, "--output", "-", "--token", token]
        here, there = said(served, *command), said(served, *command, "--url", served.url)
        assert there == here
        assert here[1].startswith(("position", "reference", '{"position'))
    files = [tmp_path / f"{where}.sqlite" for where in ("here", "there")]
    for file, at in zip(files, ([], ["--url", served.url]), strict=True):
        assert said(served, "export", "--format", "ocel2", "--output", str(file), "--token", token, *at)[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("ending", ["html", "pdf"])
def test_a_dossier_is_the_same(served: Served, told: dict[str, str], tmp_path: Path, ending: str) -> None:
    token = served.token(*PERSONS["requester"])
    contents = []
    for where, at in (("here", []), ("there", ["--url", served.url])):
        file = tmp_path / f"{where}.{ending}"
        code, _, err = said(served, "dossier", told["request"], "--output", str(file), "--token", token, *at)
        assert code == 0, err
        assert err.startswith(f"{file}: ")
        assert err.endswith(f"; SHA-256 {sha256(file.read_bytes()).hexdigest()}\n")
        contents.append((PRINTED.sub(b"", file.read_bytes()), re.split("[,;]", err.removeprefix(f"{file}: "))[0]))
    if ending == "html":
        assert contents[0] == contents[1]
    assert {content[:5] for content, _ in contents} == {contents[0][0][:5]}


def test_a_token_comes_from_a_file_or_the_environment(served: Served, told: dict[str, str], tmp_path: Path) -> None:
    token = served.token(*PERSONS["auditor"])
    (tmp_path / "token").write_text(f"{token}\n")
    expected = said(served, "list", "--token", token)
    assert said(served, "list", "--token", f"@{tmp_path / 'token'}", "--url", served.url) == expected
    assert said(served, "list", MANDATE_TOKEN=token, MANDATE_URL=f"{served.url}/") == expected


def test_nothing_is_read_from_a_database(served: Served, told: dict[str, str], tmp_path: Path) -> None:
    """In a folder without a register, and without its key."""
    token = served.token(*PERSONS["auditor"])
    here = replace(served, environment={**served.environment, "MANDATE_DATA_DIR": str(tmp_path / "none")})
    result = here.run("history", told["request"], "--json", "--token", token, "--url", served.url)
    assert json.loads(result.stdout.splitlines()[0])["type"] == "RequestSubmitted"
    assert not (tmp_path / "none").exists()
