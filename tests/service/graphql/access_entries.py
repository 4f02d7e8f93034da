"""The entries of the access log, as the owner of the database reads them, and subjects whose reads are recorded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from service.settings import DatabaseUrls
from tests.service.graphql.api_client import Person
from tests.service.graphql.scenario import Scenario

REQUEST = "query ($id: ID, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { reference } }"
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { reference version } }"
RECORD = "FUNCTION event_store.record_access(jsonb)"


class Entry(NamedTuple):
    person: str
    authority: str
    what: str
    subjects: tuple[str, ...]
    document: str | None
    marking: str | None
    audience: Sequence[str]


def entries(urls: DatabaseUrls, subject: str) -> list[Entry]:
    """Those about a subject, oldest first."""
    with psycopg.connect(urls.owner) as connection:
        rows = connection.execute(
            """SELECT reader_subject, reader_authority, what, subjects, document, marking, audience
            FROM event_store.access_log WHERE subjects @> ARRAY[%s] ORDER BY at, id""",
            [UUID(subject)],
        ).fetchall()
    return [Entry(row[0], row[1], row[2], tuple(map(str, row[3])), row[4], row[5], row[6]) for row in rows]


def documents(urls: DatabaseUrls) -> set[Any]:
    with psycopg.connect(urls.owner) as connection:
        return {row[0] for row in connection.execute("SELECT document FROM event_store.access_log").fetchall()}


def number(urls: DatabaseUrls) -> int:
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute("SELECT count(*) FROM event_store.access_log").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def unwritable(urls: DatabaseUrls) -> Iterator[None]:
    """The service's roles may not add entries meanwhile."""
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute(f"REVOKE EXECUTE ON {RECORD} FROM mandate_api, mandate_worker".encode())
        try:
            yield
        finally:
            connection.execute(f"GRANT EXECUTE ON {RECORD} TO mandate_api, mandate_worker".encode())


def red(here: Scenario, who: Person | None = None) -> str:
    """A RED request that its author and the reviewer may see."""
    made = here.request(who, "id", marking="RED", recipients=[here.reviewer.subject])
    assert made["__typename"] == "DeploymentRequestRecorded", made
    return str(made["id"])


def found(here: Scenario, subject: str, who: Person, what: str | None = None) -> list[Entry]:
    every = entries(here.register.urls, subject)
    return [each for each in every if each.person == who.subject and what in (None, each.what)]


def digest(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"
