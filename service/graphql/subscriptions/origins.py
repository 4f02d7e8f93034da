"""Which web pages may use the API: those of this host, and those of allowed origins. Other clients send no origin."""

from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"http": ":80", "https": ":443"}
OWN_SITES: Final = ("same-origin", "none")
"""Values of Sec-Fetch-Site of requests that no page of another origin caused."""


def is_allowed(origin: str | None, site: str | None, host: str, others: AbstractSet[str]) -> bool:
    """Whether a request may be served.

    origin, site: the headers Origin and Sec-Fetch-Site, None if absent. others: allowed origins, lower case, without a
    final slash.
    """
    if origin is None:
        return site is None or site in OWN_SITES
    written = origin.strip().lower().rstrip("/")
    return written in others or is_of_host(written, host)


def is_of_host(origin: str, host: str) -> bool:
    """Whether the origin is this host."""
    try:
        scheme, place = urlsplit(origin)[:2]
    except ValueError:
        return False
    port = PORTS.get(scheme)
    return port is not None and bool(place) and place.removesuffix(port) == host.strip().lower().removesuffix(port)
