"""HTTP semantics of the paths: bearer, methods, negotiation, conditional requests, origins."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil

import httpx
import psycopg
import pytest

from projections.reading.positions import FRESH
from tests.service.graphql.api_client import Person
from tests.service.rest.world import World, problem
from tests.waiting import PAUSE, until

PATHS = ("/viewer", "/requests", "/export/jsonl", "/requests/x/dossier.pdf")


@pytest.mark.parametrize("path", PATHS)
def test_a_bearer_is_needed(told: World, path: str) -> None:
    response = told.raw(None, path)
    assert problem(response, 401)["code"] == "UNAUTHENTICATED"
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [*PATHS, "/openapi.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_paths_are_only_read(told: World, path: str, method: str) -> None:
    headers = told.register.headers(told.scene.reviewer)
    response = told.register.client.request(method, f"/api{path}", headers=headers)
    assert problem(response, 405)["code"] == "METHOD_NOT_ALLOWED"
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/viewer", "/requests/{}", "/export/jsonl"])
def test_head_has_the_headers_of_get_alone(told: World, path: str) -> None:
    found, path = told.register.headers(told.scene.reviewer), f"/api{path.format(told.decided)}"
    got, head = told.register.client.get(path, headers=found), told.register.client.head(path, headers=found)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "mandate-position", "content-type", "vary"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("path", "accept", "media"),
    [
        ("/viewer", "*/*", "application/json"),
        ("/viewer", "text/html, application/*;q=0.1", "application/json"),
        ("/viewer", "text/html", None),
        ("/viewer", "application/json;q=0", None),
        ("/export/ocel2", "application/json, application/vnd.sqlite3;q=0.5", "application/json"),
        ("/export/ocel2", "application/vnd.sqlite3", "application/vnd.sqlite3"),
        ("/export/csv", "application/json", None),
        ("/requests/{}/dossier.html", "application/pdf", None),
    ],
)
def test_the_media_type_is_negotiated(told: World, path: str, accept: str, media: str | None) -> None:
    response = told.raw(told.scene.reviewer, path.format(told.decided), {"accept": accept})
    if media is None:
        assert problem(response, 406)["available"]
    else:
        assert response.headers["content-type"].partition(";")[0] == media


def test_there_is_no_other_path(told: World) -> None:
    for path in ("/", "/nothing", "/requests/", "/requests/a/b", "/export/docx"):
        assert problem(told.raw(told.scene.reviewer, path), 404)["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/api", "/nothing", "/api/requests/a%0Ab/nothing", "/api/incidents/a%0Ab"])
def test_every_other_path_is_not_found_as_a_problem(told: World, path: str) -> None:
    response = told.register.client.get(path, headers=told.register.headers(told.scene.reviewer))
    assert problem(response, 404)["code"] == "NOT_FOUND"


def answer_of_settled_views(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Its tag names when each view last changed. The service reads that again when FRESH has passed."""
    found = [ask()]
    lasting = ceil(FRESH / PAUSE) + 1

    def is_settled() -> bool:
        found.append(ask())
        return len(found) >= lasting and len({each.headers["etag"] for each in found[-lasting:]}) == 1

    until(is_settled)
    return found[-1]


@pytest.mark.parametrize("path", ["/requests/{}/history", "/export/jsonl", "/requests/{}/dossier.html"])
def test_an_answer_is_sent_again_only_when_something_was_recorded(told: World, path: str) -> None:
    reviewer, other, path = told.scene.reviewer, told.scene.approver, path.format(told.decided)
    told.settle()
    first = answer_of_settled_views(lambda: told.raw(reviewer, path))
    tag = {"if-none-match": f'"another", {first.headers["etag"]}'}
    assert int(first.headers["mandate-position"]) >= int(told.register.position)
    again = told.raw(reviewer, path, tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert told.raw(other, path, tag).status_code == 200
    told.scene.incident()
    told.settle()
    assert told.raw(reviewer, path, tag).status_code == 200


@pytest.mark.parametrize("path", ["/export/jsonl", "/requests/{}/dossier.html"])
def test_another_event_at_the_same_position_changes_the_tag(told: World, path: str) -> None:
    """As after a restore of the database."""
    path = path.format(told.decided)
    first = told.raw(told.scene.reviewer, path)
    tag = {"if-none-match": first.headers["etag"]}
    assert told.raw(told.scene.reviewer, path, tag).status_code == 304
    with as_if_another(told, int(first.headers["mandate-position"])):
        again = told.raw(told.scene.reviewer, path, tag)
    assert (again.status_code, again.headers["mandate-position"]) == (200, first.headers["mandate-position"])


@contextmanager
def as_if_another(told: World, position: int) -> Iterator[None]:
    """The event at this position was recorded a little later."""
    change = "UPDATE event_store.events SET recorded_at = recorded_at + %s WHERE notification_id = %s"
    with psycopg.connect(told.register.urls.owner, autocommit=True) as owner:
        owner.execute("ALTER TABLE event_store.events DISABLE TRIGGER never_changed")
        owner.execute(change, [timedelta(microseconds=1), position])
        try:
            yield
        finally:
            owner.execute(change, [timedelta(microseconds=-1), position])
            owner.execute("ALTER TABLE event_store.events ENABLE ALWAYS TRIGGER never_changed")


def test_an_answer_of_a_later_position_is_waited_for(told: World) -> None:
    told.settle()
    tag = told.raw(told.scene.reviewer, "/incidents").headers["etag"]
    reference = told.scene.incident()["reference"]
    found = told.get(told.scene.reviewer, "/incidents", {"if-none-match": tag}, first=100)
    assert reference in {edge["node"]["reference"] for edge in found.json()["edges"]}


def test_pages_of_other_origins_are_refused_with_a_problem(told: World) -> None:
    headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    assert problem(told.raw(told.scene.reviewer, "/viewer", headers), 403)["code"] == "FORBIDDEN_ORIGIN"


def test_nothing_is_cached_on_the_way(told: World) -> None:
    response = told.raw(told.scene.reviewer, f"/requests/{told.decided}")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_person_who_is_blocked_reads_nothing(told: World) -> None:
    administrator = Person("blocker", "hq")
    blocked = Person("blocked-reader", "hq")
    assert told.raw(blocked, "/viewer").status_code == 200
    given = {"issuer": "mandate", "subject": blocked.subject, "reason": "EXERCISE: token stolen"}
    document = "mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { __typename } }"
    assert told.register.ask(administrator, document, input=given)["blockPerson"]["__typename"] == "PersonRecorded"
    until(lambda: told.raw(blocked, PATHS[0]).status_code == 403)
    for path in PATHS:
        assert problem(told.raw(blocked, path), 403)["code"] == "BLOCKED"


def test_the_landing_page_links_what_is_there(told: World) -> None:
    page = told.register.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for link in ("/graphql", "/api/openapi.json", "/health/ready"):
        assert f'href="{link}"' in page.text
        assert told.register.client.get(link, headers={"accept": "text/html, */*"}).status_code in (200, 503)
