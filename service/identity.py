"""Bearer tokens: JWTs (RFC 7519) signed with HMAC-SHA-256 by the register's own key."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey

from domain import validation
from domain.vocabulary import REGISTER, Actor, AuthorityCode, Label, Role, Subject
from service.errors import Misconfigured

ISSUER: Final = "mandate"
ALGORITHM: Final = "HS256"
OWN_KEY: Final = "token.key"
"""File of the key in the data folder."""
WEBHOOK_KEY: Final = "webhook.key"
"""File of the key there from which the signing keys of webhooks are derived."""
OWN_KEYS: Final = (OWN_KEY, WEBHOOK_KEY)
KEY_LENGTH: Final = 32
"""Minimum length of a key in bytes (RFC 7518, section 3.2)."""
MAX_LIFETIME: Final = timedelta(days=1)
"""Default maximum lifetime of a token."""
MAX_TOKEN_LENGTH: Final = 8_192
SKEW: Final = timedelta(minutes=1)
"""How far the issuer's clock may be ahead."""
ALL_ROLES: Final = list(Role)


class Unauthenticated(Exception):
    """The token is missing, forged, expired or malformed.

    The message names the wrong claim. It says nothing about what is wrong with a signature.
    """


class Blocked(Exception):
    """An administrator has blocked the person, whatever tokens they hold."""

    def __init__(self) -> None:
        super().__init__("You are blocked from this register: ask an administrator.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The bearer of a token. name: as the issuer states it, None if it does not."""

    actor: Actor
    name: str | None
    expires_at: datetime


class Tokens:
    """Issues and reads the register's tokens."""

    def __init__(self, key: bytes, longest: timedelta = MAX_LIFETIME, previous: bytes | None = None) -> None:
        """longest: maximum lifetime of a token. previous: the key before this one, whose tokens are still accepted."""
        self._key = OctKey.import_key(key)
        accepted = [self._key] if previous is None else [self._key, OctKey.import_key(previous)]
        self._keys = {each.thumbprint(): each for each in accepted}
        self._longest = longest

    def issue(self, actor: Actor, *, name: str | None, now: datetime, lifetime: timedelta) -> str:
        """A token for the actor. Raises ValueError if the actor is invalid or the lifetime too long."""
        if (problem := _problem(actor, name)) is not None:
            raise ValueError(problem)
        if lifetime > self._longest:
            longest = _duration_text(self._longest)
            raise ValueError(
                f"A token is valid for at most {longest} (MANDATE_TOKEN_LIFETIME), not for {_duration_text(lifetime)}."
            )
        claims: dict[str, Any] = {
            "iss": actor.issuer,
            "sub": actor.subject,
            "authority": actor.authority,
            "roles": [str(role) for role in actor.roles],
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
        }
        if name is not None:
            claims["name"] = name
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.thumbprint()}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, token: str, now: datetime) -> Identity:
        """The bearer. Raises Unauthenticated."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated(f"A token has at most {MAX_TOKEN_LENGTH:,} characters.")
        try:
            read = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, RecursionError):
            raise Unauthenticated("The token is not one of this register's.") from None
        _check_header(read.header)
        identity = _identity(read.claims)
        check_times(read.claims, identity.expires_at, now, self._longest)
        if (problem := _problem(identity.actor, identity.name)) is not None:
            raise Unauthenticated(problem)
        return identity

    def _key_of(self, token: GuestProtocol) -> OctKey:
        """The key of a token's `kid`; without one, the present key. Raises Unauthenticated."""
        kid = token.headers().get("kid")
        if kid is not None and kid not in self._keys:
            raise Unauthenticated("The token's 'kid' names no key of this register.")
        return self._key if kid is None else self._keys[kid]


def own_key(data_dir: Path, name: str = OWN_KEY) -> bytes:
    """The key in the data folder, created at first use, private to its owner. Raises Misconfigured, in one line."""
    path = data_dir / name
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
    except OSError as error:
        raise Misconfigured(f"the data folder {data_dir} cannot be used: {error.strerror} (MANDATE_DATA_DIR)") from None
    return read_key(path)


def keys_in(folder: Path) -> list[Path]:
    """The keys in a data folder or a backup of one, with previous ones."""
    return sorted(path for name in OWN_KEYS for path in folder.glob(f"{name}*"))


def read_key(path: Path) -> bytes:
    """The key in a file. Raises Misconfigured, in one line."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"the key {path} cannot be read: {error.strerror}") from None
    if len(key) < KEY_LENGTH:
        raise Misconfigured(f"the key {path} is shorter than {KEY_LENGTH} bytes")
    return key.removesuffix(b"\n").removesuffix(b"\r")


def previous_key(path: Path) -> bytes | None:
    """The key in the file beside this one whose name ends in '.previous', if it is there. Raises Misconfigured."""
    previous = path.with_name(f"{path.name}.previous")
    return read_key(previous) if previous.exists() else None


def _make_key(path: Path) -> None:
    """Creates the file atomically, also if another process does so at the same time."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secrets.token_hex(KEY_LENGTH))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def check_times(claims: Mapping[str, Any], expires_at: datetime, now: datetime, longest: timedelta) -> None:
    """Checks 'iat', 'nbf' and 'exp' (RFC 7519, section 4.1). Raises Unauthenticated."""
    issued_at = instant_claim(claims, "iat")
    valid_from = instant_claim(claims, "nbf") if "nbf" in claims else issued_at
    if expires_at - issued_at > longest:
        raise Unauthenticated(
            f"The token is valid for too long: 'exp' is at most {_duration_text(longest)} after 'iat'."
        )
    if max(issued_at, valid_from) > now + SKEW:
        late = "iat" if issued_at >= valid_from else "nbf"
        raise Unauthenticated(f"The token is not valid yet, by its '{late}'.")
    if expires_at <= now:
        raise Unauthenticated("The token has expired, by its 'exp': ask for a new one.")


def _check_header(header: Mapping[str, Any]) -> None:
    """Rejects JWS extensions, which could change the meaning of the token. Raises Unauthenticated."""
    for name in ("crit", "b64"):
        if name in header:
            raise Unauthenticated(f"The token's header has '{name}', which is not understood here.")


def _identity(claims: Mapping[str, Any]) -> Identity:
    roles, audience, name = claims.get("roles"), claims.get("aud", ISSUER), claims.get("name")
    issuer, subject, authority = (text_claim(claims, claim) for claim in ("iss", "sub", "authority"))
    if ISSUER not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthenticated(f"The token's 'aud' is not '{ISSUER}': it is meant for somebody else.")
    if not isinstance(roles, list) or not all(role in ALL_ROLES for role in roles):
        raise Unauthenticated("The token's 'roles' are not roles of this register.")
    if not isinstance(name, str | None):
        raise Unauthenticated("The token's 'name' is not a string.")
    actor = Actor(
        issuer=issuer,
        subject=Subject(subject),
        authority=AuthorityCode(authority),
        roles=tuple(role for role in Role if role in roles),
    )
    return Identity(actor=actor, name=name, expires_at=instant_claim(claims, "exp"))


def _duration_text(lifetime: timedelta) -> str:
    """In the largest unit that fits without a rest, such as '48 h' or '90 min'."""
    seconds = lifetime.total_seconds()
    size, unit = next(((size, unit) for size, unit in ((3600, "h"), (60, "min")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:g} {unit}"


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


def _problem(actor: Actor, name: str | None) -> str | None:
    """Why the actor is none of this register's own tokens, or None."""
    if actor.issuer != ISSUER:
        return f"The token's 'iss' is not '{ISSUER}'."
    return actor_problem(actor, name)


def actor_problem(actor: Actor, name: str | None) -> str | None:
    """Why nobody may act as this actor, or None."""
    if actor.authority == REGISTER:
        return f"Only the register itself acts for '{REGISTER}'."
    if not actor.roles:
        return "An actor needs a role."
    for what, value, annotation in (
        ("subject", actor.subject, Subject),
        ("authority", actor.authority, AuthorityCode),
        ("name", name, Label),
    ):
        if value is not None and (message := validation.judge(value, annotation)) is not None:
            return f"The {what} is not well formed. {message}"
    return None
