"""The heading of a history on a terminal."""

from datetime import datetime

from domain.vocabulary import exact_time, format_time


def request_heading(
    *,
    reference: str,
    status: str,
    version: int,
    then: str,
    force: str,
    strength: int,
    region: str,
    requesting: str,
    deciding: str,
    marking: str,
) -> tuple[str, str]:
    what = f"{force}, {strength:,}, to {region}"
    return _title(reference, status, version, then), f"{what}; {requesting} asks {deciding}. {marking}."


def incident_heading(
    *,
    reference: str,
    status: str,
    version: int,
    then: str,
    kind: str,
    region: str,
    occurred_at: datetime,
    marking: str,
) -> tuple[str, str]:
    return _title(reference, status, version, then), f"{kind} at {region}, {format_time(occurred_at)}. {marking}."


def then_of(as_of: datetime | None, as_happened: datetime | None) -> str:
    """The instant that is asked about, in words."""
    if as_happened is not None:
        return f", as it had happened by {exact_time(as_happened)}"
    return "" if as_of is None else f", as of {exact_time(as_of)}"


def _title(reference: str, status: str, version: int, then: str) -> str:
    return f"{reference}: {status}, version {version}{then}"
