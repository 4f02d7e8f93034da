"""Identification of the bearers of tokens: the register's own, and those of external issuers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from service.access.issuer_keys import IssuerKeys
from service.access.issuers import Issuer
from service.access.known_tokens import KnownTokens
from service.access.signed_tokens import parse_token, verified
from service.identity import ISSUER, Identity, Tokens, Unauthenticated


class KeyUnknown(Unauthenticated):
    """The issuer has no key of this `kid`, as far as is known. It may have one after `fetch`."""

    def __init__(self, fetch: Callable[[], Awaitable[None]]) -> None:
        super().__init__("The token's 'kid' names no key of its issuer.")
        self.fetch = fetch


class Authentication:
    """Identifies bearers by the keys at hand, without I/O."""

    def __init__(self, tokens: Tokens | None, issuers: Sequence[Issuer], client: httpx.AsyncClient) -> None:
        """tokens: the register's own, None if they are not accepted. client: fetches the issuers' keys."""
        self._tokens = tokens
        self._known = KnownTokens(self._verified)
        self.issuers = {each.issuer: IssuerKeys(each, client, self._known.forget) for each in issuers}

    def identify(self, token: str, now: datetime) -> Identity:
        """The bearer. Raises Unauthenticated; KeyUnknown if the issuer may have published the key since."""
        return self._known.read(token, now)

    def warnings(self) -> Mapping[str, Callable[[], str | None]]:
        """Subject -> why the newest fetch of the issuer's keys failed, or None."""
        return {f"issuer {name}": keys.warning for name, keys in self.issuers.items()}

    def _verified(self, token: str, now: datetime) -> Identity:
        if self._tokens is not None and not self.issuers:
            return self._tokens.read(token, now)
        parsed = parse_token(token)
        issuer = parsed.claims.get("iss")
        if issuer == ISSUER and self._tokens is not None:
            return self._tokens.read(token, now)
        keys = self.issuers.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise Unauthenticated("The token's 'iss' is not an issuer that is accepted here.")
        if (key := keys.known.get(parsed.kid)) is None:
            raise KeyUnknown(keys.fetch_on_demand)
        return verified(parsed, key, keys.issuer, now)


async def authenticated(identify: Callable[[str], Identity], token: str) -> Identity:
    """The bearer, also by a key that the issuer has only just published. Raises Unauthenticated."""
    try:
        return identify(token)
    except KeyUnknown as unknown:
        await unknown.fetch()
        return identify(token)


@asynccontextmanager
async def open_authentication(tokens: Tokens | None, issuers: Sequence[Issuer]) -> AsyncIterator[Authentication]:
    """Has fetched the keys once, if the issuers answer, and follows them while the context is open."""
    async with httpx.AsyncClient() as client:
        authentication = Authentication(tokens, issuers, client)
        keys = authentication.issuers.values()
        await asyncio.gather(*(each.refresh() for each in keys))
        following = [asyncio.create_task(each.follow()) for each in keys]
        try:
            yield authentication
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
