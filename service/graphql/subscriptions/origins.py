"""Origin check of WebSockets: browsers do not apply CORS to them."""

from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"http": ":80", "https": ":443"}


def is_allowed(origin: str | None, host: str, others: AbstractSet[str]) -> bool:
    """Whether the origin is this host or one of the others. Clients that are not browsers send no origin."""
    if origin is None:
        return True
    written = origin.strip().lower()
    if written.rstrip("/") in {other.strip().lower().rstrip("/") for other in others}:
        return True
    try:
        scheme, place = urlsplit(written)[:2]
    except ValueError:
        return False
    port = PORTS.get(scheme)
    return port is not None and bool(place) and place.removesuffix(port) == host.strip().lower().removesuffix(port)
