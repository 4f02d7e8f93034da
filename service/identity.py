"""A bearer token becomes the actor. Tokens are JWTs (RFC 7519) signed with HMAC-SHA-256 by this register's own key."""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from domain import wellformed
from domain.vocabulary import REGISTER, Actor, AuthorityCode, Role, Subject
from service.errors import Misconfigured

ISSUER: Final = "mandate"
ALGORITHM: Final = "HS256"
KEY_LENGTH: Final = 32
"""The least bytes of a key: RFC 7518, section 3.2."""
ALL_ROLES: Final = list(Role)


class Unauthenticated(Exception):
    """The token is missing, forged, expired or not of our form. The message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the bearer of a token is. name: as the issuer knows them, None where it does not say."""

    actor: Actor
    name: str | None
    expires_at: datetime


class Tokens:
    """Issues and reads the register's tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)

    def issue(self, actor: Actor, *, name: str | None, now: datetime, lifetime: timedelta) -> str:
        """A token for the actor. Raises ValueError where the actor cannot be one."""
        if (problem := _problem(actor, name)) is not None:
            raise ValueError(problem)
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
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, token: str, now: datetime) -> Identity:
        """Raises Unauthenticated."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError):
            raise Unauthenticated("The token is not one of this register's.") from None
        identity = _identity(claims)
        if not _has_begun(claims, now):
            raise Unauthenticated("The token is not valid yet.")
        if identity.expires_at <= now:
            raise Unauthenticated("The token has expired: ask for a new one.")
        if (problem := _problem(identity.actor, identity.name)) is not None:
            raise Unauthenticated(problem)
        return identity


def own_key(data_dir: Path) -> bytes:
    """The key of the data folder, made on first use, for its owner alone. Raises Misconfigured, in one line."""
    path = data_dir / "token.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
    except OSError as error:
        raise Misconfigured(f"the data folder {data_dir} cannot be used: {error.strerror} (MANDATE_DATA_DIR)") from None
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The key in a file. Raises Misconfigured, in one line."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"the token key {path} cannot be read: {error.strerror}") from None
    if len(key) < KEY_LENGTH:
        raise Misconfigured(f"the token key {path} is shorter than {KEY_LENGTH} bytes")
    return key.removesuffix(b"\n").removesuffix(b"\r")


def _make_key(path: Path) -> None:
    """Whole or not at all, also where another process makes it at the same moment."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secrets.token_hex(KEY_LENGTH))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _identity(claims: dict[str, Any]) -> Identity:
    roles = claims.get("roles")
    issuer, subject, authority, name = (claims.get(claim) for claim in ("iss", "sub", "authority", "name"))
    expires = claims.get("exp")
    if not isinstance(roles, list) or not all(role in ALL_ROLES for role in roles):
        raise Unauthenticated("The token's 'roles' are not roles of this register.")
    if not all(isinstance(claim, str) for claim in (issuer, subject, authority)):
        raise Unauthenticated("The token lacks 'iss', 'sub' or 'authority'.")
    if not isinstance(name, str | None):
        raise Unauthenticated("The token's 'name' is no name.")
    try:
        expires_at = datetime.fromtimestamp(float(expires), tz=UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unauthenticated("The token lacks 'exp': it has to expire.") from None
    actor = Actor(
        issuer=str(issuer),
        subject=Subject(str(subject)),
        authority=AuthorityCode(str(authority)),
        roles=tuple(role for role in Role if role in roles),
    )
    return Identity(actor=actor, name=name, expires_at=expires_at)


def _has_begun(claims: dict[str, Any], now: datetime) -> bool:
    """By 'nbf' (RFC 7519, section 4.1.5), where a token has it."""
    begins = claims.get("nbf")
    return begins is None or (isinstance(begins, int | float) and begins <= now.timestamp())


def _problem(actor: Actor, name: str | None) -> str | None:
    """Why there can be no such actor."""
    if actor.issuer != ISSUER:
        return f"The token's issuer is not '{ISSUER}'."
    if actor.authority == REGISTER:
        return f"Nobody acts for '{REGISTER}' but the register itself."
    if not actor.roles:
        return "An actor needs a role."
    for what, value, annotation in (
        ("subject", actor.subject, Subject),
        ("authority", actor.authority, AuthorityCode),
        ("name", name, Subject),
    ):
        if value is not None and (message := wellformed.judge(value, annotation)) is not None:
            return f"The {what} is not well formed. {message}"
    return None
