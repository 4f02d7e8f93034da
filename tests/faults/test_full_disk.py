"""The disk is full: nothing is half recorded, and everything goes on by itself once there is room."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from domain.incident.commands import RecordEvidence
from domain.vocabulary import InformationCredibility, SourceReliability, Text
from projections.catalogue import VIEW_OF
from service.commands.envelope import CommandResult
from service.database.embedded import embedded_postgres
from service.database.migrations import migrate
from service.errors import Unavailable
from tests.databases import CARELESS
from tests.faults.workers import worker
from tests.register import PRISTINA, Register, opened
from tests.waiting import until

pytestmark = pytest.mark.faults

PIECE = RecordEvidence(
    summary=Text("\U0001f600" * 20_000),
    source_reliability=SourceReliability.A,
    information_credibility=InformationCredibility.ONE,
)
FILL = "INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, 100)"


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of 32 MB."""
    with TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only root can mount a file system here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_loses_nothing_and_ends_no_process() -> None:
    with (
        small_disk() as disk,
        TemporaryDirectory() as folder,
        embedded_postgres(Path(folder), CARELESS) as urls,
    ):
        migrate(urls.owner)
        assert urls.superuser is not None
        with psycopg.connect(urls.superuser, autocommit=True) as owner:
            (disk / "tables").mkdir()
            owner.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'tables'}'".encode())
            for kind in ("TABLE", "INDEX"):
                owner.execute(f"ALTER {kind} ALL IN TABLESPACE pg_default SET TABLESPACE small".encode())
            owner.execute("CREATE TABLE filler (x text STORAGE PLAIN) TABLESPACE small")
            with opened(urls.api) as register, worker(urls) as process:
                register.prepare()
                incident = register.incident()
                recorded = register.store.head()[0]
                until(lambda: is_full(owner))
                answer: CommandResult | Unavailable
                while isinstance(answer := attempt(register, incident), CommandResult):
                    recorded = answer.position
                assert answer.recorded is False
                assert register.store.head()[0] == recorded
                owner.execute("DROP TABLE filler")
                until(lambda: isinstance(attempt(register, incident), CommandResult))
                assert register.store.head()[0] == recorded + 1

                def caught_up() -> bool:
                    rows = owner.execute("SELECT view, position FROM projections.checkpoints").fetchall()
                    return {view for view, position in rows if position == recorded + 1} >= {*VIEW_OF}

                until(caught_up, seconds=60)
                assert process.poll() is None


def is_full(owner: psycopg.Connection) -> bool:
    try:
        owner.execute(FILL)
    except psycopg.errors.DiskFull:
        return True
    return False


def attempt(register: Register, incident: object) -> CommandResult | Unavailable:
    try:
        answer = register.do(PIECE, PRISTINA, incident)  # type: ignore[arg-type]
    except Unavailable as error:
        return error
    return answer
