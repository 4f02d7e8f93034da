"""The settings of a process, but for those of messages."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from service.errors import Misconfigured
from service.settings.database_urls import DatabaseUrls
from service.settings.notification_settings import NotificationSettings
from service.variables import PREFIX, TOKEN_VARIABLE, URL_VARIABLE

LogFormat = Literal["auto", "json", "text"]


class Settings(NotificationSettings):
    """The configuration of a process. Times are in seconds unless the description says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path(".data"),
        description="Folder of the embedded PostgreSQL and of the key that signs tokens there.",
    )
    database_url: str | None = Field(
        default=None,
        description="libpq URL of a PostgreSQL server, 15 or newer. If unset, the embedded server is started.",
    )
    owner_database_url: str | None = Field(
        default=None,
        description="URL for migrations, if another role owns the tables. Default: MANDATE_DATABASE_URL.",
    )
    worker_database_url: str | None = Field(
        default=None,
        description="URL for the worker, if it has a separate role. Default: MANDATE_DATABASE_URL.",
    )
    database_password_file: Path | None = Field(
        default=None, description="File with the password for those of these URLs that contain none."
    )
    token_key_file: Path | None = Field(
        default=None,
        description="File with the key that signs and checks tokens; required with MANDATE_DATABASE_URL.",
    )
    issuers: Path | None = Field(
        default=None, description="TOML file with the external issuers whose tokens are accepted."
    )
    token_lifetime: float = Field(
        default=86_400.0,
        gt=0,
        le=86_400,
        description="Maximum lifetime of a token; a longer one is rejected.",
    )
    access_log_days: int = Field(
        default=1095,
        ge=1,
        le=36_500,
        description="Days that entries of the access log are kept; the worker deletes older ones.",
    )
    two_administrators: bool = Field(
        default=False,
        description="Whoever registers an authority may not grant its mandates: a second administrator must.",
    )
    allow_embedded_key: bool = Field(
        default=False,
        description="Whether the API may be reached from other machines while it checks tokens with the embedded key.",
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the API listens on; 0 picks a free one.")
    documents: Literal["any", "trusted"] = Field(
        default="any",
        description="GraphQL documents that clients may execute: any, or only trusted ones, by their documentId.",
    )
    log_format: LogFormat = Field(
        default="auto", description="Format of the log: json, text, or auto: text on a terminal, else json."
    )
    cost_per_minute: int = Field(
        default=6_000_000,
        ge=0,
        description="Units of cost that a person may use per minute and process; above it, 429. 0: no limit.",
    )
    introspection: bool = Field(default=True, description="Whether clients may query the schema.")
    suggestions: bool = Field(default=True, description="Whether errors suggest similar names of the schema.")
    graphiql: bool = Field(
        default=True, description="Whether the GraphiQL page is served; never if MANDATE_DOCUMENTS=trusted."
    )
    connect_timeout: float = Field(default=3.0, gt=0, description="Longest wait for a new database connection.")
    statement_timeout: float = Field(default=5.0, gt=0, description="Longest time for one database statement.")
    lock_timeout: float = Field(default=2.0, gt=0, description="Longest wait of an append for a lock in the database.")
    read_pool_size: int = Field(
        default=8, ge=1, le=100, description="Connections per process for the reads of commands."
    )
    view_pool_size: int = Field(default=10, ge=1, le=100, description="Connections per process for queries.")
    append_queue: int = Field(
        default=2000, ge=1, description="Commands waiting to be appended per process; above it, 503."
    )
    state_cache_bytes: int = Field(
        default=128 * 1024 * 1024, ge=1, description="Approximate size of the state cache of a process, in bytes."
    )
    stream_lock_timeout: float = Field(default=5.0, gt=0, description="Longest wait for the stream's lock.")
    command_threads: int = Field(
        default=32, ge=1, le=200, description="Threads for commands that must read before they are decided."
    )
    view_timeout: float = Field(
        default=5.0, gt=0, description="Longest wait of a query for a view to reach a position."
    )
    stuck_after: float = Field(
        default=30.0,
        gt=0,
        description="Longest time a view may make no progress while events wait; above it, it is not ready.",
    )
    parked_limit: int = Field(
        default=0, ge=0, description="Streams of a view that may be parked; above it, the view is not ready."
    )
    subscription_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections per process for subscriptions."
    )
    subscription_connections: int = Field(
        default=1000,
        ge=1,
        description="Open WebSockets and event streams per process; above it, 1013 or 503.",
    )
    subscription_connections_per_person: int = Field(
        default=50, ge=1, description="Open WebSockets and event streams per person; above it, 1013 or 503."
    )
    unauthenticated_sockets: int = Field(
        default=100,
        ge=1,
        description="WebSockets without connection_init; above it, the oldest is closed (1013).",
    )
    subscriptions: int = Field(default=1000, ge=1, description="Subscriptions per process; above it, UNAVAILABLE.")
    subscriptions_per_person: int = Field(
        default=200, ge=1, description="Subscriptions per person; above it, UNAVAILABLE."
    )
    operations_per_socket: int = Field(
        default=50, ge=1, description="Concurrent operations per WebSocket; above it, UNAVAILABLE."
    )
    send_timeout: float = Field(
        default=10.0,
        gt=0,
        description="Longest time for a client to accept a message; a slower one is disconnected (1013).",
    )
    connection_init_timeout: float = Field(
        default=5.0, gt=0, description="Longest time until connection_init on a WebSocket; after it, 4408."
    )
    origins: str = Field(
        default="",
        description="Comma-separated origins whose pages may use the API, in addition to this host's.",
    )

    @field_validator("database_url", "owner_database_url", "worker_database_url")
    @classmethod
    def _validate_url(cls, url: str | None) -> str | None:
        """The message does not contain the URL, which may contain a password."""
        try:
            conninfo_to_dict(url or "")
        except ProgrammingError:
            raise ValueError("it is not a valid libpq URL: write it as postgresql://role@host:5432/database") from None
        return url

    @property
    def allowed_origins(self) -> frozenset[str]:
        return frozenset(filter(None, (each.strip().lower().rstrip("/") for each in self.origins.split(","))))

    @classmethod
    def from_environment(cls) -> Self:
        """Raises Misconfigured, naming the variable."""
        _refuse_unknown(os.environ)
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise Misconfigured(f"{PREFIX}{name}: {first['msg'].removeprefix('Value error, ')}") from None

    def database_urls(self) -> DatabaseUrls | None:
        """The configured database; None for the embedded one. Raises Misconfigured."""
        if self.database_url is None:
            return None
        return DatabaseUrls(
            owner=self._with_password(self.owner_database_url or self.database_url),
            api=self._with_password(self.database_url),
            worker=self._with_password(self.worker_database_url or self.database_url),
        )

    def _with_password(self, url: str) -> str:
        """Each process reads the file itself, so the password is in no environment and no process list."""
        password = None if "password" in conninfo_to_dict(url) else self.secret("database_password_file")
        return url if password is None else make_conninfo(url, password=password)

    def secret(self, field: str) -> str | None:
        """The content of the file that a setting names, without the end of its line. Raises Misconfigured."""
        path: Path | None = getattr(self, field)
        if path is None:
            return None
        try:
            found = path.read_text().rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            raise Misconfigured(f"{variable(field)}: {path} cannot be read: {reason}") from None
        if not found:
            raise Misconfigured(f"{variable(field)}: {path} is empty")
        return found


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{field.upper()}"


def _refuse_unknown(environment: Iterable[str]) -> None:
    """Raises Misconfigured for a variable with the prefix that is no setting: a misspelt one has no effect."""
    known = [*map(variable, Settings.model_fields), TOKEN_VARIABLE, URL_VARIABLE]
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            closest = get_close_matches(name.upper(), known, n=1)
            advice = f"did you mean {closest[0]}?" if closest else "docs/operations/settings.md lists them"
            raise Misconfigured(f"{name} is not a setting; {advice}")
