"""The address of a server, as it is given with `--url`."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from service.exchange.visible_log.refused import ExportRefused


def base_address(given: str) -> str:
    """The address without a slash at its end. Raises ExportRefused.

    A token is sent in clear text to this machine alone.
    """
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ExportRefused(f"--url: '{given}' is no address: {error}") from None
    if parts.scheme not in ("https", "http") or not host:
        raise ExportRefused(f"--url: '{given}' is no address of a server, as 'https://register.example'")
    if parts.username is not None or parts.query or parts.fragment:
        raise ExportRefused("--url: give the address alone; the token is given with --token")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ExportRefused("--url: over http:// everybody on the way could read the token: use https://")
    return given.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
