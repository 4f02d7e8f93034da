"""The heading of a history on a terminal."""

from datetime import datetime

from domain.vocabulary import exact_time, format_time


def request_heading(
    *,
    reference: str,
    status: str,
    version: int,
    as_of: datetime | None,
    force: str,
    strength: int,
    region: str,
    requesting: str,
    deciding: str,
    marking: str,
) -> tuple[str, str]:
    what = f"{force}, {strength:,}, to {region}"
    return _title(reference, status, version, as_of), f"{what}; {requesting} asks {deciding}. {marking}."


def incident_heading(
    *,
    reference: str,
    status: str,
    version: int,
    as_of: datetime | None,
    kind: str,
    region: str,
    occurred_at: datetime,
    marking: str,
) -> tuple[str, str]:
    return _title(reference, status, version, as_of), f"{kind} at {region}, {format_time(occurred_at)}. {marking}."


def _title(reference: str, status: str, version: int, as_of: datetime | None) -> str:
    then = "" if as_of is None else f", as of {exact_time(as_of)}"
    return f"{reference}: {status}, version {version}{then}"
