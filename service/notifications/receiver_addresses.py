"""The addresses that messages are sent to: on the public internet and encrypted, or in an allowed network."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
SPECIAL: Final[tuple[Network, ...]] = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "2001::/23", "2002::/16"))
)
"""Global by their registry, but no address of a receiver: protocol assignments, relays, multicast. IPv6 addresses in
2001::/32 (Teredo) and 2002::/16 (6to4) stand for an IPv4 address, as do mapped ones and those of NAT64, which are
not in GLOBAL_UNICAST."""


class Refused(Exception):
    """The receiver may not be connected to."""


def check(address: Address, allowed: Sequence[Network], *, is_plain: bool) -> None:
    """Raises Refused unless the address is on the public internet and its message encrypted, or allowed by name."""
    if any(address in network for network in allowed):
        return
    if not _is_public(address):
        raise Refused(f"{address} is not on the public internet, and MANDATE_WEBHOOK_NETWORKS does not name it")
    if is_plain:
        raise Refused(f"plain HTTP is sent only to networks in MANDATE_WEBHOOK_NETWORKS, and {address} is in none")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in SPECIAL)


def problem_of(url: str, allowed: Sequence[Network]) -> str | None:
    """Why nothing is ever sent to a URL, as far as it says so itself: a name is resolved when a message is sent."""
    is_plain = url[:5].lower() == "http:"
    try:
        check(ip_address(urlsplit(url).hostname or ""), allowed, is_plain=is_plain)
    except Refused as refused:
        return f"Nothing would be sent to it: {refused}."
    except ValueError:
        if is_plain and not allowed:
            return (
                "Nothing would be sent to it: plain HTTP is sent only to networks in MANDATE_WEBHOOK_NETWORKS, and it "
                "names none. Use https."
            )
    return None
