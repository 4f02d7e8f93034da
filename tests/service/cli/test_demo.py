"""`mandate demo` records nothing in a register that the environment names, unless a flag says so."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from domain.vocabulary import Role
from service.cli.demo.case import PEOPLE, DemoCase
from service.cli.demo.client import Client, UnexpectedRefusal, people
from service.cli.demo_command import demo
from service.errors import Misconfigured
from service.settings import DatabaseUrls, Settings
from tests.service.graphql.api_client import KEY, ApiClient, Person, followed, served
from tests.waiting import until

OPERATIONS = "mandate_graphql_operations_total{"


@pytest.mark.parametrize("name", ["MANDATE_DATA_DIR", "MANDATE_DATABASE_URL", "mandate_data_dir"])
def test_it_leaves_the_register_of_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    value = "postgresql://localhost:1/none" if name.endswith("URL") else str(tmp_path / "data")
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="--into-this-register"):
        demo(into_this_register=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_flag_plays_the_case_in_that_register(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")}
    environment = {**clean, "MANDATE_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "service.cli", "demo", "--into-this-register"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert result.returncode == 0, result.stderr
    assert "They are the same." in result.stdout
    lines = result.stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert any("over 'xk/north'  [UNSCR 1244 (1999); Military Technical Agreement" in line for line in lines), "whole"
    assert any(line.endswith("Official in Pristina [requester] (pristina)") for line in lines)
    assert "make serve" not in result.stdout, "it would serve another register"


def test_a_refusal_ends_it_with_one_line(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    clerk, region = Person("clerk", "secretariat"), "xk/north/zubin-potok"
    with served(database_urls) as register:
        for code in ("secretariat", "other"):
            register.command(clerk, "registerAuthority", "RegisterAuthorityInput", {"code": code, "name": code})
        mandate = {"authority": "other", "region": region, "legalBasis": "EXERCISE", "endorsementsRequired": 1}
        register.command(clerk, "grantMandate", "GrantMandateInput", mandate)
        register.ask(clerk, "query ($at: Position) { authorities(atLeast: $at) { code } }", at=register.position)
    key = tmp_path / "key"
    key.write_bytes(KEY)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")},
        "MANDATE_DATABASE_URL": database_urls.api,
        "MANDATE_WORKER_DATABASE_URL": database_urls.worker,
        "MANDATE_TOKEN_KEY_FILE": str(key),
    }
    command = [sys.executable, "-m", "service.cli", "demo", "--into-this-register"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert line.startswith("mandate: the demonstration ended early: beginReview: NotPermitted: "), line


def test_only_what_is_there_is_said_to_be_there(database_urls: DatabaseUrls) -> None:
    """Any other refusal ends the case."""
    entered = 6
    with served(database_urls) as register:
        for role, already in ((Role.REQUESTER, None), (Role.ADMINISTRATOR, 0), (Role.ADMINISTRATOR, entered)):
            steps: list[str] = []
            clients = people(str(register.client.base_url), KEY, {**PEOPLE, "clerk": ("Clerk", "secretariat", (role,))})
            case = DemoCase(clients, lambda who, what, source, said=steps: said.append(what))  # type: ignore[misc]
            if already is None:
                with pytest.raises(UnexpectedRefusal, match="registerAuthority: NotPermitted: "):
                    case.tell_what_happened()
                assert steps == []
            else:
                case.tell_what_happened()
                assert sum(step.endswith("it is there already") for step in steps) == already


def test_a_query_waits_for_views_that_are_behind(database_urls: DatabaseUrls) -> None:
    clerk, document = Person("clerk", "secretariat"), "query ($at: Position) { authorities(atLeast: $at) { code } }"
    with served(database_urls, follow=False) as register, ThreadPoolExecutor(1) as threads:
        values = {"code": "secretariat", "name": "Secretariat"}
        register.command(clerk, "registerAuthority", "RegisterAuthorityInput", values)
        client = Client(str(register.client.base_url), register.token(clerk), patience=0)
        with pytest.raises(UnexpectedRefusal, match=r"^The view authorities is at position 0, not yet at"):
            client.query(document, at=register.position)
        answer = threads.submit(replace(client, patience=20).query, document, at=register.position)
        until(lambda: answer.done() or operations(register) > 2)
        with followed(database_urls):
            assert answer.result(20) == {"authorities": [{"code": "secretariat"}]}


def operations(register: ApiClient) -> float:
    figures = register.client.get("/metrics").text
    return sum(float(line.split()[-1]) for line in figures.splitlines() if line.startswith(OPERATIONS))


def test_without_one_it_is_that_of_the_folder() -> None:
    assert Settings().data_dir == Path(".data")
