"""Access tokens of external issuers (JWT, RFC 7519 and 9068), verified without I/O."""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.errors import JoseError

from domain.vocabulary import Actor, AuthorityCode, Role, Subject, joined
from service.access.identity import Identity, Unauthenticated, actor_problem
from service.access.issuers import Issuer, value_at
from service.access.key_sets import PublicKey
from service.access.token_claims import MAX_TOKEN_LENGTH, check_times, instant_claim, text_claim

COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
FORBIDDEN: Final = ("crit", "b64", "jku", "jwk", "x5u", "x5c")
"""Header parameters that bring a key along or change how the token is read."""
ACCESS_TOKEN: Final = ("at+jwt", "application/at+jwt")
MALFORMED: Final = "The token is not a signed JWT."
MISMATCH: Final = "The token's signature is not valid."


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose form is right. Nothing in it may be trusted before `verified`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    content: bytes
    signature: bytes

    @property
    def kid(self) -> str | None:
        """None if the header has none. Raises Unauthenticated."""
        return text_claim(self.header, "kid") if "kid" in self.header else None


def parse_token(token: str) -> SignedToken:
    """Raises Unauthenticated."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated(f"A token has at most {MAX_TOKEN_LENGTH:,} characters.")
    if not COMPACT.fullmatch(token):
        raise Unauthenticated(MALFORMED)
    content, _, signature = token.rpartition(".")
    header, claims = (_object(part) for part in content.split("."))
    if forbidden := next((name for name in FORBIDDEN if name in header), None):
        raise Unauthenticated(f"The token's header has '{forbidden}', which is not accepted here.")
    return SignedToken(header, claims, content.encode(), _decoded(signature))


def verified(token: SignedToken, key: PublicKey, issuer: Issuer, now: datetime) -> Identity:
    """The bearer. key: that of `key_for`. Raises Unauthenticated."""
    try:
        is_genuine = key.verifies(text_claim(token.header, "alg"), token.content, token.signature)
    except (JoseError, ValueError):
        is_genuine = False
    if not is_genuine:
        raise Unauthenticated(MISMATCH)
    _check_purpose(token, issuer)
    claims = token.claims
    expires_at = instant_claim(claims, "exp")
    check_times(claims, expires_at, now, timedelta(seconds=issuer.max_lifetime))
    name = claims.get("name")
    if not isinstance(name, str | None):
        raise Unauthenticated("The token's 'name' is not a string.")
    authority, roles = _rights(claims, issuer)
    actor = Actor(
        issuer=issuer.issuer,
        subject=Subject(text_claim(claims, "sub")),
        authority=AuthorityCode(authority),
        roles=tuple(role for role in Role if role in roles),
    )
    if (problem := actor_problem(actor, name)) is not None:
        raise Unauthenticated(problem)
    return Identity(actor=actor, name=name, expires_at=expires_at)


def _check_purpose(token: SignedToken, issuer: Issuer) -> None:
    """Checks `typ`, `iss`, `aud`, `azp` and `client_id`. Raises Unauthenticated."""
    claims, kind = token.claims, token.header.get("typ")
    if not issuer.plain_jwt and not (isinstance(kind, str) and kind.lower() in ACCESS_TOKEN):
        raise Unauthenticated("The token's 'typ' is not 'at+jwt': it is not an access token.")
    if claims.get("iss") != issuer.issuer:
        raise Unauthenticated("The token's 'iss' is not the issuer of its key.")
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthenticated(f"The token's 'aud' is not '{issuer.audience}': it is meant for somebody else.")
    for claim in ("azp", "client_id"):
        if claim in claims and claims[claim] not in issuer.clients:
            raise Unauthenticated(f"The token's '{claim}' is not a client that is accepted here.")


def _rights(claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, set[Role]]:
    """The authority and the roles that the token's groups grant. Raises Unauthenticated."""
    path, named = issuer.groups_claim, None
    groups = value_at(claims, path) or []
    if not isinstance(groups, list) or not all(isinstance(each, str) for each in groups):
        raise Unauthenticated(f"The token's '{'.'.join(path)}' is not a list of strings.")
    if issuer.authority_claim is not None and issuer.authority_claim in claims:
        named = text_claim(claims, issuer.authority_claim)
        if named not in issuer.authorities:
            raise Unauthenticated(f"The token's '{issuer.authority_claim}' is none that its issuer may speak for.")
    granted: dict[str, set[Role]] = {}
    for grant in issuer.grants:
        authority = grant.authority or named
        if grant.group in groups and authority is not None and named in (None, authority):
            granted.setdefault(authority, set()).update(grant.roles)
    if not granted:
        raise Unauthenticated(f"The token's '{'.'.join(path)}' grant no role here.")
    if len(granted) > 1:
        raise Unauthenticated(
            f"The token's '{'.'.join(path)}' grant roles for {joined(sorted(granted))}: it must be for one authority."
        )
    return granted.popitem()


def _object(part: str) -> dict[str, Any]:
    """The JSON object in a part of a token, none of whose names is there twice. Raises Unauthenticated."""
    try:
        found = json.loads(_decoded(part).decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        raise Unauthenticated(MALFORMED) from None
    if not isinstance(found, dict):
        raise Unauthenticated(MALFORMED)
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Unauthenticated(f"The token states '{repeated[:50]}' twice.")
    return found


def _decoded(part: str) -> bytes:
    """Raises Unauthenticated."""
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise Unauthenticated(MALFORMED) from None
