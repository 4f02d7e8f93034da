"""Identification of the bearers of tokens: the register's own, and those of external issuers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from service.access.identity import ISSUER, Identity, Unauthenticated
from service.access.issuer_keys import RETRY, Fetch, IssuerKeys
from service.access.issuer_tokens import parse_token, verified
from service.access.issuers import Issuer
from service.access.key_sets import key_for
from service.access.known_tokens import KnownTokens
from service.access.own_tokens import Tokens
from service.errors import Unavailable

UNNAMED_KEY: Final = "The token has no 'kid', which it needs since its issuer has several keys."
ISSUER_AWAY: Final = "The keys of the token's issuer cannot be fetched: try again later."


class KeyUnknown(Unauthenticated):
    """The issuer has no key for this token, as far as is known.

    It may have one after `fetch`, which returns whether the keys were fetched.
    """

    def __init__(self, kid: str | None, fetch: Callable[[], Awaitable[bool]]) -> None:
        super().__init__(UNNAMED_KEY if kid is None else "The token's 'kid' names no key of its issuer.")
        self.fetch = fetch


class Authentication:
    """Identifies bearers by the keys at hand, without I/O."""

    def __init__(self, tokens: Tokens | None, issuers: Sequence[Issuer] = (), fetch: Fetch | None = None) -> None:
        """tokens: the register's own, None if they are not accepted. fetch: gets the issuers' keys; needed for them."""
        self._tokens = tokens
        self._known = KnownTokens(self._verified)
        self.issuers: dict[str, IssuerKeys] = {}
        if fetch is not None:
            self.issuers = {each.issuer: IssuerKeys(each, fetch, self._known.forget) for each in issuers}

    def identify(self, token: str, now: datetime) -> Identity:
        """The bearer. Raises Unauthenticated; KeyUnknown if the issuer may have published the key since."""
        return self._known.read(token, now)

    def warning(self) -> str | None:
        """How many issuers do not answer, or None. It names none, since health needs no token; the log does."""
        failed = sum(keys.failure is not None for keys in self.issuers.values())
        if not failed:
            return None
        return f"the keys of {failed} of {len(self.issuers)} could not be fetched; the log says why"

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
        if (key := key_for(keys.known, parsed.kid)) is None:
            raise KeyUnknown(parsed.kid, keys.fetch_on_demand)
        return verified(parsed, key, keys.issuer, now)


async def authenticated(identify: Callable[[str], Identity], token: str) -> Identity:
    """The bearer, also by a key that the issuer has only just published.

    Raises Unauthenticated; Unavailable if the key is unknown and the issuer's keys cannot be fetched.
    """
    try:
        return identify(token)
    except KeyUnknown as unknown:
        is_fetched = await unknown.fetch()
    try:
        return identify(token)
    except KeyUnknown:
        if is_fetched:
            raise
        raise Unavailable(ISSUER_AWAY, retry_after=RETRY) from None


async def identify_once(
    tokens: Tokens | None, issuers: Sequence[Issuer], token: str, clock: Callable[[], datetime]
) -> Identity:
    """The bearer, for a process that reads one token: fetches only the keys of its issuer.

    Raises Unauthenticated, Unavailable.
    """
    async with _opened(tokens, issuers) as authentication:
        return await authenticated(lambda given: authentication.identify(given, clock()), token)


@asynccontextmanager
async def open_authentication(tokens: Tokens | None, issuers: Sequence[Issuer]) -> AsyncIterator[Authentication]:
    """Has fetched the keys once, if the issuers answer, and follows them while the context is open."""
    async with _opened(tokens, issuers) as authentication:
        keys = authentication.issuers.values()
        await asyncio.gather(*(each.refresh() for each in keys))
        following = [asyncio.create_task(each.follow()) for each in keys]
        try:
            yield authentication
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)


@asynccontextmanager
async def _opened(tokens: Tokens | None, issuers: Sequence[Issuer]) -> AsyncIterator[Authentication]:
    if not issuers:
        yield Authentication(tokens)
        return
    from service.access.key_fetcher import open_fetch

    async with open_fetch() as fetch:
        yield Authentication(tokens, issuers, fetch)
