"""Claims of JWTs (RFC 7519) that every token has, whoever issued it."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from service.access.identity import Unauthenticated

MAX_TOKEN_LENGTH: Final = 8_192
SKEW: Final = timedelta(minutes=1)
"""How far the issuer's clock may be ahead."""


def check_times(claims: Mapping[str, Any], expires_at: datetime, now: datetime, longest: timedelta) -> None:
    """Checks 'iat', 'nbf' and 'exp' (RFC 7519, section 4.1). Raises Unauthenticated."""
    issued_at = instant_claim(claims, "iat")
    valid_from = instant_claim(claims, "nbf") if "nbf" in claims else issued_at
    if expires_at - issued_at > longest:
        raise Unauthenticated(
            f"The token is valid for too long: 'exp' is at most {duration_text(longest)} after 'iat'."
        )
    if max(issued_at, valid_from) > now + SKEW:
        late = "iat" if issued_at >= valid_from else "nbf"
        raise Unauthenticated(f"The token is not valid yet, by its '{late}'.")
    if expires_at <= now:
        raise Unauthenticated("The token has expired, by its 'exp': ask for a new one.")


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """Raises Unauthenticated."""
    value = claims.get(name)
    if not isinstance(value, str):
        raise Unauthenticated(f"The token's '{name}' is missing or is not a string.")
    return value


def instant_claim(claims: Mapping[str, Any], name: str) -> datetime:
    """Raises Unauthenticated."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, tz=UTC)
    raise Unauthenticated(f"The token's '{name}' is missing or is not a number of seconds since 1970.")


def duration_text(lifetime: timedelta) -> str:
    """In the largest unit that fits without a rest, such as '48 h' or '90 min'."""
    seconds = lifetime.total_seconds()
    size, unit = next(((size, unit) for size, unit in ((3600, "h"), (60, "min")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g} {unit}"
