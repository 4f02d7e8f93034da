"""The database as each role connects to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """libpq URLs, one for each database role.

    owner: migrates. api: appends and reads. worker: also writes the views.
    superuser: creates databases; only for the embedded server, else None.
    """

    owner: str
    api: str
    worker: str
    superuser: str | None = None
