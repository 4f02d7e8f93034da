"""Where the database is, for each of those who use it."""

from dataclasses import dataclass


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
