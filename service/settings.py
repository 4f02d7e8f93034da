"""Every setting, from the environment: `MANDATE_` and the name of the field. Read once, by whoever starts a process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """One libpq URL for each part that the service plays, each with the least that it needs.

    owner: migrates. api: appends and reads. worker: also writes the views.
    superuser: creates databases; the embedded server's alone, and None elsewhere.
    """

    owner: str
    api: str
    worker: str
    superuser: str | None = None

    @classmethod
    def one_for_all(cls, url: str) -> "DatabaseUrls":
        """For a database whose owner plays every part."""
        return cls(owner=url, api=url, worker=url)


class Settings(BaseSettings):
    """How this process is to run. Seconds everywhere, unless a description says otherwise."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path(".data"),
        description="Folder of the embedded PostgreSQL and of the key that signs tokens there.",
    )
    database_url: str | None = Field(
        default=None,
        description="libpq URL of a PostgreSQL, 15 or newer. Unset: the embedded one is started.",
    )
    owner_database_url: str | None = Field(
        default=None,
        description="The URL for migrations, where another role owns the tables. Default: MANDATE_DATABASE_URL.",
    )
    worker_database_url: str | None = Field(
        default=None,
        description="The URL for the worker, where it has a role of its own. Default: MANDATE_DATABASE_URL.",
    )
    database_password_file: Path | None = Field(
        default=None, description="File with the password for those of these URLs that have none."
    )
    token_key_file: Path | None = Field(
        default=None,
        description="File with the key that signs and checks tokens; needed with MANDATE_DATABASE_URL.",
    )
    token_lifetime: float = Field(
        default=86_400.0,
        gt=0,
        description="That a token may be valid from when it is issued; a longer one is rejected.",
    )
    two_administrators: bool = Field(
        default=False, description="Who registers an authority may not grant it its mandates: another one does."
    )
    allow_embedded_key: bool = Field(
        default=False,
        description="Whether the API may be reached from other machines while it checks tokens with the embedded key.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the API listens on; 0 takes a free one.")
    connect_timeout: float = Field(default=3.0, gt=0, description="For a connection to the database to be made.")
    answer_timeout: float = Field(default=5.0, gt=0, description="For the database to answer one statement.")
    lock_timeout: float = Field(default=2.0, gt=0, description="That an append waits for its turn in the database.")
    read_pool_size: int = Field(default=8, ge=1, le=100, description="Connections a process with which commands read.")
    view_pool_size: int = Field(default=10, ge=1, le=100, description="Connections a process with which queries read.")
    append_queue: int = Field(default=2000, ge=1, description="Commands that wait to be appended; beyond that, 503.")
    states_bytes: int = Field(
        default=128 * 1024 * 1024, ge=1, description="Memory for folded states that a process keeps, in bytes, about."
    )
    turn_timeout: float = Field(default=5.0, gt=0, description="That a command waits for its turn at its subject.")
    command_threads: int = Field(
        default=32, ge=1, le=200, description="Commands that read before they are decided, at once."
    )
    view_patience: float = Field(default=5.0, gt=0, description="That a query waits for a view to reach a position.")
    stuck_after: float = Field(
        default=30.0, gt=0, description="That a view may stand still while events wait; beyond that, it is not ready."
    )
    parked_limit: int = Field(
        default=0, ge=0, description="Streams of a view that may be parked; beyond that, it is not ready."
    )
    live_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections a process with which subscriptions read."
    )
    live_connections: int = Field(
        default=1000,
        ge=1,
        description="WebSockets and event streams that a process holds open; beyond that, 1013 or 503.",
    )
    live_connections_each: int = Field(
        default=50, ge=1, description="WebSockets and event streams of one person at once; beyond that, 1013 or 503."
    )
    live_lobby: int = Field(
        default=100,
        ge=1,
        description="WebSockets before their connection_init at once; beyond that, the oldest is closed (1013).",
    )
    live_subscriptions: int = Field(
        default=1000, ge=1, description="Subscriptions that a process serves; beyond that, UNAVAILABLE."
    )
    live_subscriptions_each: int = Field(
        default=200, ge=1, description="Subscriptions of one person at once; beyond that, UNAVAILABLE."
    )
    live_operations: int = Field(
        default=50, ge=1, description="Operations at once on one WebSocket; beyond that, UNAVAILABLE."
    )
    live_patience: float = Field(
        default=10.0, gt=0, description="That a client may take to accept a message; a slower one is cut off (1013)."
    )
    live_greeting: float = Field(
        default=5.0, gt=0, description="That a WebSocket has until its connection_init; after that, 4408."
    )
    live_origins: str = Field(
        default="",
        description="Origins, with commas between them, whose pages may open a WebSocket beside those of this host.",
    )

    @field_validator("database_url", "owner_database_url", "worker_database_url")
    @classmethod
    def _is_understood(cls, url: str | None) -> str | None:
        """Nothing of it is told: it may hold a password."""
        try:
            conninfo_to_dict(url or "")
        except ProgrammingError:
            raise ValueError("it is not understood: write it as postgresql://role@host:5432/database") from None
        return url

    @classmethod
    def from_environment(cls) -> Self:
        """Raises Misconfigured, naming the variable."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise Misconfigured(f"MANDATE_{name}: {first['msg'].removeprefix('Value error, ')}") from None

    def database_urls(self) -> DatabaseUrls | None:
        """The database of the environment, or None: the embedded one. Raises Misconfigured."""
        if self.database_url is None:
            return None
        return DatabaseUrls(
            owner=self._with_password(self.owner_database_url or self.database_url),
            api=self._with_password(self.database_url),
            worker=self._with_password(self.worker_database_url or self.database_url),
        )

    def _with_password(self, url: str) -> str:
        """The password is read by every process itself, so that it is in no environment and no list of processes."""
        path = self.database_password_file
        if path is None or "password" in conninfo_to_dict(url):
            return url
        try:
            password = path.read_text().rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise Misconfigured(f"MANDATE_DATABASE_PASSWORD_FILE: {path} cannot be read: {reason}") from None
        if not password:
            raise Misconfigured(f"MANDATE_DATABASE_PASSWORD_FILE: {path} is empty")
        return make_conninfo(url, password=password)
