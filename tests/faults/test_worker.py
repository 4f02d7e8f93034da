"""A worker goes on by itself: past what nobody can fold, and once the database takes writes and connections again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from domain.deployment_request import events as request_events
from domain.deployment_request.commands import WithholdRequest
from domain.incident.commands import AttributeIncident
from domain.recorded_event import CommandRef
from domain.vocabulary import AnalyticConfidence, Likelihood, Text
from service.commands.policy_runner import CONSUMER_NAME
from service.event_store.records import AppendItem, UnrecordedEvent
from service.settings import DatabaseUrls
from tests.faults.workers import worker
from tests.register import KFOR, WHY, Register, opened
from tests.service.graphql.api_client import served
from tests.waiting import until

FINDING = AttributeIncident(
    responsible_party=Text("EXERCISE party"),
    likelihood=Likelihood.LIKELY,
    confidence=AnalyticConfidence.HIGH,
    basis=WHY,
)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        yield register


def row(urls: DatabaseUrls, name: str) -> tuple[Any, ...]:
    """state, position and parked of a view or course."""
    with psycopg.connect(urls.owner) as owner:
        asked = "SELECT state, position, parked FROM projections.checkpoints WHERE view = %s"
        return owner.execute(asked, [name]).fetchone() or ("", 0, 0)


def poisoned(register: Register) -> UUID:
    """A stream that begins with an event that no request can begin with."""
    stream = uuid4()
    event = UnrecordedEvent(
        stream=stream,
        version=1,
        event=request_events.ReviewBegun(reason=WHY),
        actor=KFOR,
        command=CommandRef(name="x", id=uuid4(), n=1, of=1),
        correlation=uuid4(),
    )
    register.store.append(AppendItem(events=(event,)))
    return stream


def test_an_unfoldable_request_stops_policies_for_itself_only(
    database_urls: DatabaseUrls, register: Register, tmp_path: Path
) -> None:
    """It is logged, and health says so."""
    incident = register.incident()
    request = register.under_review(incident)
    register.do(WithholdRequest(reason=WHY, awaiting=(incident,)), KFOR, request)
    poison, log = poisoned(register), tmp_path / "log"
    with worker(database_urls, log):
        until(lambda: row(database_urls, CONSUMER_NAME)[2] == 1, seconds=60)
        register.do(FINDING, KFOR, incident)
        until(lambda: "ReviewResumed" in register.history(request), seconds=60)
        assert row(database_urls, CONSUMER_NAME)[2] == 1
        with served(database_urls, follow=False) as api:
            problems = api.client.get("/health/ready").json()["problems"]
    with psycopg.connect(database_urls.owner) as owner:
        asked = "SELECT stream, error FROM projections.parked_streams WHERE view = %s"
        [(stream, error)] = owner.execute(asked, [CONSUMER_NAME]).fetchall()
    assert stream == poison
    assert problems[CONSUMER_NAME].startswith("they cannot judge 1 requests, and continue without them")
    assert log.read_text().count(f"the policies fail for {poison}: it is parked") == 1
    assert "TypeError" in error or "Error" in error


def test_what_can_be_folded_again_is_judged_by_itself(database_urls: DatabaseUrls, register: Register) -> None:
    request = register.under_review(register.incident())
    with worker(database_urls):
        until(lambda: row(database_urls, CONSUMER_NAME)[1] >= register.store.head()[0], seconds=60)
        with psycopg.connect(database_urls.worker) as connection:
            connection.execute(
                "INSERT INTO projections.parked_streams VALUES (%s, %s, 1, 'was broken', now())",
                [CONSUMER_NAME, request],
            )
            connection.execute("UPDATE projections.checkpoints SET parked = 1 WHERE view = %s", [CONSUMER_NAME])
        until(lambda: row(database_urls, CONSUMER_NAME)[2] == 0, seconds=60)


@contextmanager
def read_only(urls: DatabaseUrls) -> Iterator[None]:
    with _set(urls, "SET default_transaction_read_only = on", "RESET default_transaction_read_only"):
        yield


@contextmanager
def without_connections(urls: DatabaseUrls) -> Iterator[None]:
    with _set(urls, "WITH CONNECTION LIMIT 0", "WITH CONNECTION LIMIT -1"):
        yield


@contextmanager
def full(urls: DatabaseUrls) -> Iterator[None]:
    """As the server says it when the disk is full, wherever rows or events are written."""
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute(
            """CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"""
        )
        for table in ("projections.checkpoints", "event_store.events"):
            owner.execute(
                f"""CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION public.full_disk()""".encode()
            )
        yield
        owner.execute("DROP FUNCTION public.full_disk CASCADE")


@contextmanager
def _set(urls: DatabaseUrls, change: str, back: str) -> Iterator[None]:
    """A setting of the database, in force for every session: those that were there are ended, before and after."""
    assert urls.superuser is not None
    with psycopg.connect(urls.superuser, autocommit=True) as superuser:
        name = sql.Identifier(superuser.info.dbname)
        for each in (change, back):
            superuser.execute("SET default_transaction_read_only = off")
            superuser.execute(sql.SQL("ALTER DATABASE {} " + each).format(name))
            superuser.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename LIKE '%worker%'"""
            )
            if each is change:
                yield


@pytest.mark.parametrize("trouble", [read_only, without_connections, full])
def test_a_worker_survives_a_database_that_refuses_writes(
    database_urls: DatabaseUrls, register: Register, trouble: Callable[[DatabaseUrls], Any]
) -> None:
    with worker(database_urls) as process:
        until(lambda: row(database_urls, "incidents")[1] >= register.store.head()[0], seconds=60)
        due = register.approved(datetime.now(UTC) + timedelta(seconds=2))
        with trouble(database_urls):
            until(lambda: datetime.now(UTC) > _end_of(register, due), seconds=30)
            assert process.poll() is None
        until(lambda: register.history(due)[-1] == "ApprovalExpired", seconds=60)
        register.incident()
        until(lambda: row(database_urls, "incidents")[1] >= register.store.head()[0], seconds=60)
        assert process.poll() is None


def _end_of(register: Register, request: UUID) -> datetime:
    """Some seconds after the approval ran out: the worker has met the trouble by then."""
    [approved] = [
        recorded.event
        for recorded in register.store.stream(request)
        if isinstance(recorded.event, request_events.RequestApproved)
    ]
    return approved.period.end + timedelta(seconds=3)


def test_a_worker_whose_clock_is_ahead_expires_nothing(database_urls: DatabaseUrls, register: Register) -> None:
    standing = register.approved(datetime.now(UTC) + timedelta(days=20))
    due = register.approved(datetime.now(UTC) + timedelta(seconds=3))
    environment = {
        **os.environ,
        "MANDATE_DATABASE_URL": database_urls.api,
        "MANDATE_WORKER_DATABASE_URL": database_urls.worker,
    }
    month = f"{timedelta(days=30).total_seconds():.0f}"
    process = subprocess.Popen([sys.executable, "-m", "tests.faults.skewed", month, "worker"], env=environment)
    try:
        until(lambda: register.history(due)[-1] == "ApprovalExpired", seconds=60)
    finally:
        process.kill()
        process.wait(10)
    assert register.history(standing)[-1] == "RequestApproved"
