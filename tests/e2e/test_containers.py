"""What the compose file starts, without containers: roles with passwords, each process in its own, one health check.

The same scripts run here as there; only the sockets and folders are others.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import SUPERUSER, Cluster, socket_folder
from tests.e2e.serving import free_port
from tests.tidy.compose import SERVICES
from tests.tidy.repository import ROOT
from tests.waiting import until

DEPLOY = ROOT / "deploy"
ASKS_FOR_PASSWORDS = f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n"


@dataclass(frozen=True)
class Deployment:
    cluster: Cluster
    secrets: Path

    def environment(self, role: str, **more: str) -> dict[str, str]:
        """As the compose file gives it to one container."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            "PATH": path,
            "MANDATE_DATABASE_URL": self.cluster.url(f"mandate_{role}"),
            "MANDATE_DATABASE_PASSWORD_FILE": str(self.secrets / f"{role}_password"),
            **more,
        }

    def run(self, role: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As in a container of this role, also by `docker exec`."""
        return subprocess.run(
            ["mandate", *arguments], env=self.environment(role), capture_output=True, text=True, check=False, timeout=60
        )

    def may(self, role: str, statement: str) -> bool:
        password = (self.secrets / f"{role}_password").read_text()
        url = self.cluster.url(f"mandate_{role}")
        with psycopg.connect(url, password=password, connect_timeout=5) as connection:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                return False
            connection.rollback()
            return True


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A PostgreSQL that asks for passwords, with the roles that the image's first start makes."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "deploy").mkdir()
    shutil.copy(DEPLOY / "secrets", folder / "deploy" / "secrets")
    subprocess.run([folder / "deploy" / "secrets"], check=True)
    cluster = Cluster(find_programs(), folder, socket_folder(folder), {"fsync": "off"})
    cluster.ensure_running()
    try:
        (cluster.data / "pg_hba.conf").write_text(ASKS_FOR_PASSWORDS)
        with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
        path = f"{cluster.programs.folder}{os.pathsep}{os.environ['PATH']}"
        there = {"PATH": path, "PGHOST": str(cluster.sockets), "SECRETS": str(folder / "secrets")}
        subprocess.run([DEPLOY / "roles.sh"], env=there, check=True, capture_output=True)
        yield Deployment(cluster, folder / "secrets")
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def migrated(deployment: Deployment) -> Deployment:
    done = deployment.run("owner", "migrate")
    assert done.returncode == 0, done.stderr
    return deployment


def test_an_unreadable_password_file_is_reported_in_one_line(migrated: Deployment, tmp_path: Path) -> None:
    for content in (None, ""):
        path = tmp_path / "password"
        if content is not None:
            path.write_text(content)
        environment = migrated.environment("worker", MANDATE_DATABASE_PASSWORD_FILE=str(path))
        ran = subprocess.run(["mandate", "status"], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 2
        assert ran.stderr.startswith("mandate: MANDATE_DATABASE_PASSWORD_FILE: ")
        assert len(ran.stderr.strip().splitlines()) == 1


def test_the_health_checks_work_as_they_are_written(migrated: Deployment) -> None:
    """By what runs in the other containers, and with a proxy that cannot be reached in the environment."""
    secrets = migrated.secrets
    port = free_port()
    api = migrated.environment(
        "api", MANDATE_TOKEN_KEY_FILE=str(secrets / "token_key"), HTTP_PROXY="http://127.0.0.1:1"
    )
    # The database was migrated by the owner: the role of the API only finds that nothing is missing.
    arguments = [port_of(port, word) for word in SERVICES["api"]["command"]]
    with running(api, *arguments), running(migrated.environment("worker"), *SERVICES["worker"]["command"]):
        until(lambda: healthy("api", {**api, "http_proxy": "http://127.0.0.1:1"}, port), seconds=90)
        until(lambda: healthy("worker", migrated.environment("worker"), port), seconds=90)
    assert not healthy("api", api, port)


def port_of(port: int, word: str) -> str:
    return word.replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1")


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[None]:
    process = subprocess.Popen(["mandate", *arguments], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def healthy(service: str, environment: dict[str, str], port: int) -> bool:
    how, *command = (port_of(port, word) for word in SERVICES[service]["healthcheck"]["test"])
    assert how == "CMD"
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode == 0


def test_a_connection_without_a_password_is_refused(deployment: Deployment) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(deployment.cluster.url("mandate_api"), connect_timeout=5)


def test_only_the_owner_migrates(migrated: Deployment) -> None:
    assert migrated.may("owner", "CREATE TABLE projections.more ()")
    assert not migrated.may("api", "CREATE TABLE projections.more ()")
    assert not migrated.may("worker", "CREATE TABLE projections.more ()")
    assert not migrated.may("api", "CREATE SCHEMA more")


@pytest.mark.parametrize("role", ["api", "worker"])
def test_events_cannot_be_written_or_changed_by_hand(migrated: Deployment, role: str) -> None:
    assert migrated.may(role, "SELECT 1 FROM event_store.events")
    assert not migrated.may(role, "DELETE FROM event_store.events")
    assert not migrated.may(role, "UPDATE event_store.events SET topic = 'RequestApproved'")
    assert not migrated.may(role, "TRUNCATE event_store.events CASCADE")
