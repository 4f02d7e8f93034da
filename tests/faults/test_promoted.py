"""A streaming replica that lags is promoted beneath running processes: what only the old primary had is gone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.deployment_request.commands import RemarkOnRequest
from domain.vocabulary import Text
from service.commands.envelope import CommandResult
from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import SUPERUSER, Cluster, socket_folder
from service.database.embedded.roles import ensure_roles_and_database
from service.database.migrations import migrate
from service.errors import Unavailable
from tests.databases import CARELESS
from tests.faults.proxy import proxied
from tests.register import KFOR, Register, opened
from tests.waiting import until

pytestmark = pytest.mark.faults

REMARK = RemarkOnRequest(reason=Text("EXERCISE"))


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    folder.mkdir(mode=0o700)
    made = Cluster(find_programs(), folder, socket_folder(folder), CARELESS)
    try:
        yield made
    finally:
        made.stop()


def replicate(primary: Cluster, standby: Cluster) -> None:
    """A copy of the primary that streams from it once it is started."""
    source = ["--host", str(primary.sockets), "--username", SUPERUSER]
    copy = ["--pgdata", str(standby.data), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    primary.programs.run("pg_basebackup", [*source, *copy], log=standby.log)
    standby.ensure_running()


def position(server: Cluster, function: str) -> Any:
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        row = connection.execute(f"SELECT {function}()::text".encode()).fetchone()
    assert row is not None
    return row[0]


def given(register: Register, request: UUID) -> CommandResult:
    """A command that is sent until the database answers."""
    answers: list[Any] = []

    def attempt() -> bool:
        with suppress(Unavailable):
            answers.append(register.attempt(REMARK, KFOR, request))
        return bool(answers)

    until(attempt, seconds=60)
    assert isinstance(answers[0], CommandResult), answers[0]
    return answers[0]


def test_streams_go_on_where_the_promoted_standby_ends() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/tmp")))
        primary, standby = (stack.enter_context(cluster(folder / name)) for name in ("a", "b"))
        primary.ensure_running()
        ensure_roles_and_database(primary)
        migrate(primary.url("mandate_owner"))
        proxy, url = stack.enter_context(proxied(primary.url("mandate_api"), folder))
        register = stack.enter_context(opened(url))
        register.prepare()
        request = register.under_review(register.incident())
        replicate(primary, standby)
        register.do(REMARK, KFOR, request)
        written = position(primary, "pg_current_wal_lsn")
        until(lambda: position(standby, "pg_last_wal_replay_lsn") >= written)
        standby.stop()
        lost = [register.do(REMARK, KFOR, request).state.version for _ in range(5)]
        assert lost == [4, 5, 6, 7, 8]
        lineage = register.store.lineage.number
        proxy.sever()
        primary.stop()
        standby.ensure_running()
        standby.programs.run("pg_ctl", ["promote", f"--pgdata={standby.data}", "--wait"], log=standby.log)
        proxy._server = str(standby.socket)
        proxy.is_open = True
        assert given(register, request).state.version == 4
        assert [recorded.version for recorded in register.store.stream(request)] == [1, 2, 3, 4]
        assert register.store.lineage.number == lineage + 1
        with psycopg.connect(url) as connection:
            [(began_after,)] = connection.execute("SELECT max(position) FROM event_store.lineages")
        assert began_after == register.store.head()[0] - 1
