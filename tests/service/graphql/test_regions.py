"""The register of regions over the API and on the command line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.vocabulary import Role
from projections.reading.page_cursors import encoded
from service.cli import application
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served

ADMIN = Person("admin", "kfor", (Role.ADMINISTRATOR,))
REQUESTER = Person("rita", "pristina", (Role.REQUESTER,))
STRANGER = Person("stranger", "elsewhere", (Role.OBSERVER,))
REGISTER = """mutation ($input: RegisterRegionInput!) { registerRegion(input: $input) { __typename
    ... on RegionRecorded { position region { path names { language name } parent { path } }
                            events { type payload subject { id ... on Authority { code } } } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } } }"""
REGION = """query ($path: String!, $asOf: DateTime, $at: Position) { region(path: $path, asOf: $asOf, atLeast: $at) {
    path names { language name } parent { path } decidedBy { region authority { code name } } } }"""
REGIONS = """query ($under: String, $text: String, $first: Int, $after: String, $at: Position) {
    regions(under: $under, text: $text, first: $first, after: $after, atLeast: $at) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { path } } } }"""
PLACES = {
    "xk": {"en": "Kosovo", "sq": "Kosova", "sr-Cyrl": "Косово"},
    "xk/north": {"en": "The North", "sr-Cyrl": "Север"},
    "xk/north/zubin-potok": {"sq": "Zubin Potoku", "sr-Cyrl": "Зубин Поток", "sr-Latn": "Žandarmerija"},
    "xk/north-east": {"en": "North East"},
    "xk/south": {"en": "The South 100%"},
}


@pytest.fixture(scope="module")
def register(databases: Databases) -> Iterator[ApiClient]:
    """A register of its own: as soon as a region is registered, others are unknown."""
    with databases.fresh() as urls, served(urls) as register:
        for code in ("kfor", "pristina"):
            register.command(ADMIN, "registerAuthority", "RegisterAuthorityInput", {"code": code, "name": code.title()})
        grant = {"authority": "kfor", "region": "xk", "legalBasis": "EXERCISE", "validFrom": "1999-06-10T00:00:00Z"}
        register.command(ADMIN, "grantMandate", "GrantMandateInput", grant)
        for path, names in PLACES.items():
            assert registered(register, path, names)["__typename"] == "RegionRecorded"
        yield register


def registered(register: ApiClient, path: str, names: dict[str, str], who: Person = ADMIN) -> Any:
    named = [{"language": language, "name": name} for language, name in names.items()]
    answer = register.ask(who, REGISTER, input={"path": path, "names": named})["registerRegion"]
    register.position = answer.get("position", register.position)
    return answer


def paths(register: ApiClient, **wanted: Any) -> list[str]:
    answer = register.ask(STRANGER, REGIONS, at=register.position, **wanted)["regions"]
    found = [edge["node"]["path"] for edge in answer["edges"]]
    assert answer["totalCount"] >= len(found)
    return found


def test_a_recorded_region_is_shown_with_its_event(register: ApiClient) -> None:
    answer = registered(register, "xk/west", {"en": "The West"})
    assert answer["region"] == {
        "path": "xk/west",
        "names": [{"language": "en", "name": "The West"}],
        "parent": {"path": "xk"},
    }
    [event] = answer["events"]
    assert (event["type"], event["subject"]["code"]) == ("RegionRegistered", "kfor")
    assert event["payload"] == {
        "authority": "kfor",
        "path": "xk/west",
        "names": [{"language": "en", "name": "The West"}],
    }
    trail = """query ($at: Position) { auditTrail(filter: {type: ["RegionRegistered"]}, first: 100, atLeast: $at) {
        edges { node { payload changes { path } subject { id ... on Authority { code } } } } } }"""
    edges = register.ask(STRANGER, trail, at=answer["position"])["auditTrail"]["edges"]
    assert {"subject": event["subject"], "payload": event["payload"], "changes": []} in [edge["node"] for edge in edges]


def test_refusals_name_the_field(register: ApiClient) -> None:
    refused = registered(register, "xk/nowhere/town", {"en": "Town"})
    assert refused["fields"] == [
        {"path": "path", "message": "The region 'xk/nowhere' is not registered: register it first."}
    ]
    assert registered(register, "xk", {"EN": "Kosovo"})["fields"][0]["path"] == "names.0.language"
    assert registered(register, "xk", {"en": "Kosovo"}, REQUESTER)["__typename"] == "NotPermitted"


def test_a_region_says_who_decides_there_now_and_then(register: ApiClient) -> None:
    path = "xk/south/town"
    registered(register, "xk/south/town", {"en": "Town"})
    before = register.ask(ADMIN, REGION, path=path, at=register.position)["region"]
    assert before["decidedBy"] == {"region": "xk", "authority": {"code": "kfor", "name": "Kfor"}}
    asked = "query ($at: Position) { auditTrail(first: 100, atLeast: $at) { edges { node { position recordedAt } } } }"
    edges = register.ask(ADMIN, asked, at=register.position)["auditTrail"]["edges"]
    then = next(e["node"]["recordedAt"] for e in edges if e["node"]["position"] == register.position)
    nearer = {"authority": "pristina", "region": "xk/south", "legalBasis": "EXERCISE"}
    register.command(ADMIN, "grantMandate", "GrantMandateInput", nearer)
    registered(register, path, {"en": "Town", "sq": "Qytet"})
    now = register.ask(STRANGER, REGION, path=path, at=register.position)["region"]
    assert (now["decidedBy"]["authority"]["code"], len(now["names"])) == ("pristina", 2)
    past = register.ask(STRANGER, REGION, path=path, asOf=then)["region"]
    assert (past["decidedBy"]["authority"]["code"], len(past["names"])) == ("kfor", 1)
    assert past["parent"] == {"path": "xk/south"}
    assert register.ask(STRANGER, REGION, path=path, asOf="2000-01-01T00:00:00Z")["region"] is None
    assert register.ask(STRANGER, REGION, path="nowhere")["region"] is None
    [error] = register.errors(STRANGER, REGION, path="Nowhere")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "path"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zandarmerija", ["xk/north/zubin-potok"]),
        ("ŽANDARMERIJA", ["xk/north/zubin-potok"]),
        ("Zubin pot", ["xk/north/zubin-potok"]),
        ("pôtoku", ["xk/north/zubin-potok"]),
        ("kosovo", ["xk"]),
        ("Косово", ["xk"]),
        ("sever", ["xk/north"]),
        ("100%", ["xk/south"]),
        ("%", ["xk/south"]),
        ("east north", ["xk/north-east"]),
        ("zzz", []),
    ],
)
def test_text_finds_names_in_any_case_and_script(register: ApiClient, text: str, found: list[str]) -> None:
    assert paths(register, text=text) == found


def test_under_selects_what_lies_within(register: ApiClient) -> None:
    assert paths(register, under="xk/north") == ["xk/north/zubin-potok"]
    assert set(PLACES) - {"xk"} <= set(paths(register, under="xk")) <= {*paths(register)} - {"xk"}
    [error] = register.errors(STRANGER, REGIONS, under="xk/")
    assert (error["extensions"]["code"], "under" in error["message"]) == ("BAD_USER_INPUT", True)


def test_pages_follow_each_other_in_the_order_of_paths(register: ApiClient) -> None:
    every, seen, after = paths(register, first=100), [], None
    while True:
        page = register.ask(STRANGER, REGIONS, first=2, after=after)["regions"]
        assert (page["totalCount"], page["pageInfo"]["hasPreviousPage"]) == (len(every), after is not None)
        seen += [edge["node"]["path"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == every == sorted(every)
    forged = [encoded("regions", content) for content in (b"\xff", b"\x00")]
    for cursor in ("x", after[:-2] if after else "", "AAAAAAAAAAAA", *forged):
        [error] = register.errors(STRANGER, REGIONS, after=cursor)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_request_in_an_unknown_region_is_refused_with_the_closest(register: ApiClient) -> None:
    asked = {
        "force": "Exercise Force",
        "strength": 60,
        "region": "xk/nort/town",
        "purpose": "EXERCISE: secure the canal.",
        "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
    }
    send = ("submitDeploymentRequest", "SubmitDeploymentRequestInput")
    refused = register.command(REQUESTER, *send, asked)
    assert refused["fields"][0]["path"] == "region"
    assert "'xk/north' (The North)" in refused["fields"][0]["message"]
    accepted = register.command(REQUESTER, *send, {**asked, "region": "xk/north/zubin-potok/square"})
    assert accepted["__typename"] == "DeploymentRequestRecorded"


def test_the_operator_imports_regions_from_a_file(
    register: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANDATE_DATABASE_URL", register.urls.api)
    file = tmp_path / "regions.csv"

    def run(text: str, *options: str, encoding: str = "utf-8") -> Result:
        file.write_bytes(text.encode(encoding))
        return CliRunner().invoke(application("regions"), ["regions", "import", str(file), *options])

    lines = """path,language,name
xk/east/b,en,B
xk/east,sr-Cyrl,Исток
xk/east,en,The East
xk/north-east,en,North East
xk/unknown/town,en,Town
xk/north-east,EN,Twice
,en,Nameless
"""
    said = "line 6, xk/unknown/town: path: The region 'xk/unknown' is not registered: register it first.\n"
    for answer in (run(lines, "--dry-run"), run(lines)):
        assert answer.exit_code == 1, answer.output
        assert said in answer.stdout
        assert "line 8, no path: path: A region is a path" in answer.stdout
        assert "line 7, xk/north-east: language: A language has a code of 2 or 3 letters" in answer.stdout
        assert "names." not in answer.stdout
        assert "5 regions: 2 would be registered, 0 would be unchanged, 3 would be refused.\n" in answer.stdout
        assert "Nothing was recorded" in answer.stderr
    assert paths(register, under="xk/east") == []
    sound = "".join(lines.splitlines(keepends=True)[:-3])
    dry, done, again = run(sound, "--dry-run"), run(sound, encoding="utf-8-sig"), run(sound)
    assert [answer.exit_code for answer in (dry, done, again)] == [0, 0, 0]
    assert dry.stdout == "3 regions: 2 would be registered, 1 would be unchanged, 0 would be refused.\n"
    assert done.stdout == "3 regions: 2 registered, 1 unchanged, 0 refused.\n"
    assert again.stdout == "3 regions: 0 registered, 3 unchanged, 0 refused.\n"
    renamed = registered(register, "xk/east", {"en": "East"})
    assert renamed["__typename"] == "RegionRecorded"
    assert paths(register, under="xk/east") == ["xk/east/b"]
    assert run("path,language,name\nno/where,en,X\n").exit_code == 1
    for broken, message in (
        ("path,name\n", "lacks the column 'language'"),
        ("path,language,name\nzz,en,a,b\n", "line 2 has more fields than the header"),
        ('path,language,name\n"', "no CSV file"),
    ):
        refused = run(broken)
        assert refused.exit_code != 0
        assert message in f"{refused.stderr} {refused.exception}"
