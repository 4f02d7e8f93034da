"""Exports and dossiers over HTTP: what the bearer may see, as a whole, in parts, and as of an instant."""

import csv
import io
import json
import sqlite3
import subprocess
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from service.exchange.dossier import pdf_renderer
from service.graphql.execution.cost_budget import CostBudget
from service.rest.media import EXPORTS
from tests.service.graphql.api_client import Person
from tests.service.rest.world import World, problem

XES = "{http://www.xes-standard.org/}"


def lines(told: World, who: Person, **parameters: Any) -> list[dict[str, Any]]:
    response = told.raw(who, "/export/jsonl", **parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def test_an_export_has_what_the_bearer_may_see(told: World) -> None:
    requester, auditor = told.scene.requester, told.scene.auditor
    assert told.secret in {each["subject"]["reference"] for each in lines(told, requester)}
    seen = {each["subject"]["reference"] for each in lines(told, auditor)}
    assert told.decided in seen
    assert told.secret not in seen


def test_an_export_is_resumed_after_a_position(told: World) -> None:
    whole = lines(told, told.scene.auditor)
    last = whole[2]["position"]
    assert lines(told, told.scene.auditor, after=last) == whole[3:]
    of_one = lines(told, told.scene.auditor, request=told.decided)
    assert lines(told, told.scene.auditor, request=told.decided, after=of_one[0]["position"]) == of_one[1:]
    response = told.raw(told.scene.auditor, "/export/jsonl")
    assert lines(told, told.scene.auditor, after=response.headers["mandate-position"]) == []


def test_an_export_is_made_as_of_an_instant(told: World) -> None:
    then = lines(told, told.scene.auditor, asOf=told.before, request=told.decided)
    assert [each["type"] for each in then] == ["RequestSubmitted"]


def test_every_format_has_the_request(told: World) -> None:
    auditor = told.scene.auditor
    rows = list(csv.DictReader(io.StringIO(told.raw(auditor, "/export/csv").content.decode("utf-8-sig"))))
    assert told.decided in {row["reference"] for row in rows}
    events = told.raw(auditor, "/export/csv", events="true", request=told.decided).content.decode("utf-8-sig")
    count = len(list(csv.DictReader(io.StringIO(events))))
    assert count == len(lines(told, auditor, request=told.decided))
    assert len(told.raw(auditor, "/export/cloudevents", request=told.decided).text.splitlines()) == count
    log = ET.fromstring(told.raw(auditor, "/export/xes", request=told.decided).content)
    assert len(log.findall(f"{XES}trace/{XES}event")) == count
    ocel = told.raw(auditor, "/export/ocel2", request=told.decided).json()
    assert len(ocel["events"]) == count
    database = sqlite3.connect(":memory:")
    accept = {"accept": "application/vnd.sqlite3"}
    database.deserialize(told.raw(auditor, "/export/ocel2", accept, request=told.decided).content)
    assert database.execute("SELECT count(*) FROM event").fetchone() == (count,)
    database.close()


@pytest.mark.parametrize(
    ("path", "parameters", "accept", "file"),
    [
        ("jsonl", {}, "*/*", "register.jsonl"),
        ("cloudevents", {}, "*/*", "register-cloudevents.jsonl"),
        ("csv", {"events": "true"}, "*/*", "register-events.csv"),
        ("ocel2", {}, "application/vnd.sqlite3", "register-ocel2.sqlite"),
        ("xlsx", {"request": True}, "*/*", "{}.xlsx"),
    ],
)
def test_a_file_has_the_name_of_what_it_is_about(
    told: World, path: str, parameters: dict[str, Any], accept: str, file: str
) -> None:
    given = {name: told.decided if value is True else value for name, value in parameters.items()}
    headers = {"accept": accept, **told.register.headers(told.scene.auditor)}
    response = told.register.client.head(f"/api/export/{path}", params=given, headers=headers)
    assert response.headers["content-disposition"] == f'attachment; filename="{file.format(told.decided)}"'


def test_after_is_described_where_it_is_accepted(told: World) -> None:
    paths = told.register.client.get("/api/openapi.json").json()["paths"]
    described = {
        path.rpartition("/")[2]: {each["name"] for each in found["get"]["parameters"]}
        for path, found in paths.items()
        if path.startswith("/api/export/")
    }
    assert {name for name, parameters in described.items() if "after" in parameters} == {"jsonl", "cloudevents", "csv"}


def test_exports_and_dossiers_are_in_the_access_log(told: World) -> None:
    auditor = told.scene.auditor
    assert told.raw(auditor, f"/requests/{told.decided}/dossier.html").status_code == 200
    assert lines(told, auditor)
    entries = [each["node"] for each in told.raw(auditor, "/access-log").json()["edges"]]
    assert {("dossier", (told.decided_id,)), ("export", ())} <= {
        (each["what"], tuple(each["subjects"])) for each in entries
    }


@pytest.mark.parametrize(("ending", "begin"), [("pdf", b"%PDF-"), ("html", b"<!DOCTYPE html>")])
def test_a_dossier_is_printed_for_the_bearer(told: World, ending: str, begin: bytes) -> None:
    path = f"/requests/{told.decided}/dossier.{ending}"
    response = told.raw(told.scene.auditor, path)
    assert response.status_code == 200
    assert response.content[: len(begin)].lower() == begin.lower()
    assert response.headers["content-disposition"] == f'attachment; filename="{told.decided}.{ending}"'
    if ending == "html":
        assert told.scene.auditor.subject.partition("-")[2].title() in response.text or told.decided in response.text
        then = told.raw(told.scene.auditor, path, asOf=told.before)
        assert "was approved" in response.text.lower() or "approved" in response.text.lower()
        assert len(then.content) < len(response.content)


def test_head_of_a_dossier_renders_nothing(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path, headers = f"/api/requests/{told.decided}/dossier.pdf", told.register.headers(told.scene.auditor)
    got = told.register.client.get(path, headers=headers)
    monkeypatch.delattr(subprocess, "Popen")
    head = told.register.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "mandate-position", "content-type", "content-disposition"):
        assert head.headers[name] == got.headers[name]


def test_a_dossier_that_is_too_long_for_a_pdf_is_a_problem_that_names_the_html(
    told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_renderer, "LONGEST", 1_000)
    path = f"/requests/{told.decided}/dossier"
    refused = problem(told.raw(told.scene.auditor, f"{path}.pdf"), 422)
    assert refused["code"] == "TOO_LARGE"
    assert "take the HTML form" in refused["detail"]
    assert told.raw(told.scene.auditor, f"{path}.html").status_code == 200


def test_a_dossier_costs_by_the_bytes_of_its_text(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[int] = []
    monkeypatch.setattr(CostBudget, "charge", lambda budget, person, units: charged.append(units))
    path = f"/requests/{told.decided}/dossier"
    assert told.raw(told.scene.auditor, f"{path}.html").status_code == 200
    base, read = charged
    charged.clear()
    assert told.raw(told.scene.auditor, f"{path}.pdf").status_code == 200
    assert charged[:2] == [base, read]
    assert base == 20_000
    assert charged[2] // 4 == read > 1_000


def test_a_file_of_what_the_bearer_may_not_see_is_not_found(told: World) -> None:
    path = "/requests/{}/dossier.pdf"
    for reference in (told.secret, "nowhere-2024-0001"):
        unseen = problem(told.raw(told.scene.auditor, path.format(reference)), 404)
        assert reference in unseen["detail"]
        assert problem(told.raw(told.scene.auditor, "/export/jsonl", request=reference), 404)["code"] == "NOT_FOUND"
    assert told.raw(told.scene.requester, path.format(told.secret)).status_code == 200


@pytest.mark.parametrize(
    ("path", "parameters", "name"),
    [
        ("/export/jsonl", {"asOf": "2999-01-01T00:00:00Z"}, "asOf"),
        ("/export/jsonl", {"asOf": "yesterday"}, "asOf"),
        ("/export/jsonl", {"after": "-1"}, "after"),
        ("/export/jsonl", {"after": ["1", "2"]}, "after"),
        ("/export/jsonl", {"events": "true"}, "events"),
        ("/export/csv", {"events": "maybe"}, "events"),
        ("/export/csv", {"after": "1"}, "after"),
        ("/export/xes", {"after": "1"}, "after"),
        ("/requests/x/dossier.pdf", {"version": "1"}, "version"),
    ],
)
def test_a_wrong_parameter_of_a_file_is_named(told: World, path: str, parameters: dict[str, Any], name: str) -> None:
    refused = problem(told.raw(told.scene.auditor, path, **parameters), 400)
    assert [each["parameter"] for each in refused["errors"]] == [name]


def test_clients_that_leave_free_their_places(told: World) -> None:
    """Each leaves before the end of what was sent; a person has two places, the process four."""
    headers = told.register.headers(told.scene.auditor)
    for _ in range(6):
        with told.register.client.stream("GET", "/api/export/jsonl", headers=headers) as response:
            assert response.status_code in (200, 429)
            next(response.iter_raw(1), None)
    assert told.raw(told.scene.approver, "/export/jsonl").status_code == 200


def test_there_is_a_writer_for_every_format() -> None:
    from service.exchange.exports.formats import FORMATS

    assert EXPORTS.keys() == FORMATS.keys()
