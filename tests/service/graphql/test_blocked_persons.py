"""A blocked person is turned away by every process within a second, whatever they had open."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.vocabulary import Role
from service.access.identity import ISSUER
from service.cli import application
from tests.databases import Databases
from tests.service.graphql.api_client import KEY, ApiClient, Person, served
from tests.service.graphql.subscriptions.client import socket, stream
from tests.waiting import until

ADMIN = Person("admin", "kfor", (Role.ADMINISTRATOR,))
SECOND = Person("second", "kfor", (Role.ADMINISTRATOR,))
COURT = "court"
"""Its auditors see everything."""
AUDITOR = Person("auditor", COURT, (Role.AUDITOR,))
STRANGER = Person("stranger", COURT, (Role.OBSERVER,))
VIEWER = "{ viewer { subject } }"
FOREVER = "subscription { eventsRecorded { position } }"
RESULT = """{ __typename
    ... on PersonRecorded { issuer subject blocked position events { type reason subject { id } } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } }"""
BLOCK = f"mutation ($input: BlockPersonInput!) {{ blockPerson(input: $input) {RESULT} }}"
UNBLOCK = f"mutation ($input: BlockPersonInput!) {{ unblockPerson(input: $input) {RESULT} }}"
TRAIL = """query ($at: Position) { auditTrail(filter: {type: ["PersonBlocked"]}, atLeast: $at, first: 100) {
    edges { node { payload subject { id ... on Authority { code name } } actor { subject } } } } }"""


@dataclass(frozen=True)
class Processes:
    """Two APIs of one register. The first follows the views."""

    first: ApiClient
    second: ApiClient


@pytest.fixture(scope="module")
def processes(databases: Databases) -> Iterator[Processes]:
    with databases.fresh() as urls, served(urls) as first, served(urls, follow=False) as second:
        for code in ("kfor", COURT):
            first.command(ADMIN, "registerAuthority", "RegisterAuthorityInput", {"code": code, "name": code.upper()})
        auditing = {"authority": COURT, "auditsEverything": True, "reason": "EXERCISE: it audits."}
        first.command(ADMIN, "setAuditingAuthority", "AuditingAuthorityInput", auditing)
        yield Processes(first, second)


def person(who: Person, **other: Any) -> dict[str, Any]:
    return {"issuer": ISSUER, "subject": who.subject, "reason": "EXERCISE: token stolen", **other}


def status(register: ApiClient, who: Person) -> int:
    return int(register.post(who, VIEWER).status_code)


def test_a_blocked_person_is_turned_away_everywhere(processes: Processes) -> None:
    ana = Person("ana", "kfor")
    first, second = processes.first, processes.second
    with socket(second, greeted=ana) as open_socket, stream(second, ana, FOREVER) as open_stream:
        open_socket.subscribe("1", FOREVER)
        assert status(second, ana) == 200, "the token is known there"
        done = first.ask(ADMIN, BLOCK, input=person(ana))["blockPerson"]
        assert (done["__typename"], done["subject"], done["blocked"]) == ("PersonRecorded", "ana", True)
        assert [(each["type"], each["reason"]) for each in done["events"]] == [
            ("PersonBlocked", "EXERCISE: token stolen")
        ]
        assert open_socket.closed()[0] == 4403
        *_, (_, answer), end = open_stream.events()
        assert ((answer or {})["errors"][0]["extensions"]["code"], end) == ("BLOCKED", ("complete", None))
    for register in (first, second):
        until(lambda register=register: status(register, ana) == 403)  # type: ignore[misc]
        response = register.post(ana, VIEWER)
        assert response.json()["errors"][0]["extensions"]["code"] == "BLOCKED"
        with socket(register) as refused:
            refused.send("connection_init", payload={"Authorization": f"Bearer {register.token(ana)}"})
            assert refused.closed()[0] == 4403
        assert status(register, ADMIN) == 200
    assert first.ask(SECOND, UNBLOCK, input=person(ana))["unblockPerson"]["blocked"] is False
    until(lambda: status(second, ana) == 200)


def test_the_domain_refuses_what_would_lock_out(processes: Processes) -> None:
    refused = processes.first.ask(ADMIN, BLOCK, input=person(ADMIN))["blockPerson"]
    assert (refused["__typename"], refused["fields"][0]["path"]) == ("InvalidInput", "subject")
    refused = processes.first.ask(STRANGER, BLOCK, input=person(ADMIN))["blockPerson"]
    assert refused["__typename"] == "NotPermitted"


def test_the_trail_shows_it_to_auditors_and_to_the_authority(processes: Processes) -> None:
    first = processes.first
    done = first.ask(ADMIN, BLOCK, input=person(Person("bob", "x")))["blockPerson"]
    for who, sees in ((AUDITOR, True), (SECOND, True), (STRANGER, False)):
        edges = first.ask(who, TRAIL, at=done["position"])["auditTrail"]["edges"]
        assert ("bob" in {edge["node"]["payload"]["subject"] for edge in edges}) is sees
        assert all(edge["node"]["subject"]["code"] in ("kfor", "register") for edge in edges)


def test_the_operator_blocks_on_the_command_line(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, first = Person("eva", "kfor"), processes.first
    (tmp_path / "key").write_bytes(KEY)
    monkeypatch.setenv("MANDATE_DATABASE_URL", first.urls.api)
    monkeypatch.setenv("MANDATE_TOKEN_KEY_FILE", str(tmp_path / "key"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(application(arguments[0]), arguments)

    named = ("--issuer", ISSUER, "--subject", "eva", "--reason", "EXERCISE: dismissed")
    blocked = run("access", "block", *named)
    assert (blocked.exit_code, blocked.stdout.split(",")[0]) == (0, "blocked: eva of mandate"), blocked.output
    until(lambda: status(first, eva) == 403)
    assert [ISSUER, "eva"] in [line.split("\t") for line in run("access", "list").stdout.splitlines()]
    assert {"issuer": ISSUER, "subject": "eva"} in json.loads(run("access", "list", "--json").stdout)
    again = run("access", "block", *named)
    assert (again.exit_code, again.stderr) == (2, "mandate: --subject: 'eva' of 'mandate' is blocked already.\n")
    export = ("export", "--format", "jsonl", "--output", "-")
    seen = run(*export, "--token", first.token(eva))
    assert (seen.exit_code, seen.stdout) == (2, "")
    assert "You are blocked" in seen.stderr
    assert "EXERCISE: dismissed" in run(*export).stdout
    assert "EXERCISE: dismissed" in run(*export, "--token", first.token(AUDITOR)).stdout
    assert "EXERCISE: dismissed" not in run(*export, "--token", first.token(STRANGER)).stdout
    position = blocked.stdout.strip().rpartition(" ")[2]
    edges = first.ask(AUDITOR, TRAIL, at=position)["auditTrail"]["edges"]
    assert edges[-1]["node"]["subject"]["name"] == "The register"
    assert run("access", "unblock", *named).exit_code == 0
    assert {"issuer": ISSUER, "subject": "eva"} not in json.loads(run("access", "list", "--json").stdout)
    until(lambda: status(first, eva) == 200)
    elsewhere = run("access", "block", "--issuer", "https://typo.example", *named[2:])
    assert (elsewhere.exit_code, blocked.stderr) == (0, "")
    assert elsewhere.stderr == (
        "mandate: no tokens of 'https://typo.example' are accepted by the settings here: check --issuer\n"
    )
    monkeypatch.setenv("MANDATE_ISSUERS", str(tmp_path / "none"))
    late = run("access", "block", "--issuer", "https://other.example", *named[2:])
    assert (late.exit_code, late.stderr) == (0, ""), "a wrong file of issuers keeps nobody from blocking"
