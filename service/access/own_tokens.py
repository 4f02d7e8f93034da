"""The register's own tokens: JWTs (RFC 7519) signed with HMAC-SHA-256, by the key of the settings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER, Identity, Unauthenticated, actor_problem
from service.access.key_files import OWN_KEY, own_key, previous_key, read_key
from service.access.token_claims import MAX_TOKEN_LENGTH, check_times, duration_text, instant_claim, text_claim
from service.errors import Misconfigured
from service.settings import Settings

ALGORITHM: Final = "HS256"
MAX_LIFETIME: Final = timedelta(days=1)
"""Default maximum lifetime of a token."""
ALL_ROLES: Final = list(Role)


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
            longest = duration_text(self._longest)
            raise ValueError(
                f"A token is valid for at most {longest} (MANDATE_TOKEN_LIFETIME), not for {duration_text(lifetime)}."
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


def tokens(settings: Settings) -> Tokens:
    """Issues and reads tokens according to the settings. Raises Misconfigured."""
    key, path = token_key(settings), settings.token_key_file or settings.data_dir / OWN_KEY
    return Tokens(key, timedelta(seconds=settings.token_lifetime), previous_key(path))


def accepted_tokens(settings: Settings, *, is_local: bool = True) -> Tokens | None:
    """The register's own tokens, None if only those of issuers are accepted. Raises Misconfigured.

    is_local: whether only this machine can send tokens.
    """
    has_issuers, is_external = settings.issuers is not None, settings.database_url is not None
    if settings.token_key_file is None and has_issuers and (is_external or not is_local):
        return None
    return tokens(settings)


def token_key(settings: Settings) -> bytes:
    """The key that signs and checks tokens, the same for all processes of a register. Raises Misconfigured."""
    if settings.token_key_file is not None:
        return read_key(settings.token_key_file)
    if settings.database_url is not None:
        raise Misconfigured(
            "MANDATE_TOKEN_KEY_FILE is needed with MANDATE_DATABASE_URL: name a file of 32 random bytes or more, "
            "the same for every api; or name external issuers in MANDATE_ISSUERS"
        )
    return own_key(settings.data_dir)


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


def _problem(actor: Actor, name: str | None) -> str | None:
    """Why the actor is none of this register's own tokens, or None."""
    if actor.issuer != ISSUER:
        return f"The token's 'iss' is not '{ISSUER}'."
    return actor_problem(actor, name)
