"""The keys of one issuer, fetched and kept. Known keys stay in use while the issuer does not answer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from service.access.issuers import DISCOVERY, Issuer, secure_url
from service.access.key_sets import KeySet, parse_key_set

PATIENCE: Final = 5.0
"""Seconds for one fetch, discovery included."""
RETRY: Final = 30.0
"""Seconds until the next fetch after one that failed, if that is sooner than the next refresh."""
MOST_WAITING: Final = 100
"""Requests that wait for a fetch because of an unknown `kid`. One more is refused at once."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Returns what is at a URL. Raises FetchFailed."""

_log = logging.getLogger(__name__)


class FetchFailed(ValueError):
    """There is no answer, or none that is used."""


class IssuerKeys:
    """Belongs to one event loop, in which it fetches. `known` and `failure` may be read from any thread.

    failure: why the newest fetch failed; None if it did not.
    """

    def __init__(self, issuer: Issuer, fetch: Fetch, changed: Callable[[], None]) -> None:
        """changed: called after the keys are others than before."""
        self.issuer = issuer
        self.known: KeySet = {}
        self._content = b""
        self._get = fetch
        self._changed = changed
        self._fetching = asyncio.Lock()
        self._latest_start = float("-inf")
        self._next_on_demand = float("-inf")
        self._waiting = 0
        self.failure: str | None = None

    async def follow(self) -> None:
        """Fetches the keys again and again. Never returns."""
        while True:
            issuer = self.issuer
            await asyncio.sleep(issuer.refresh if self.failure is None else min(RETRY, issuer.refresh))
            await self.refresh()

    async def refresh(self) -> None:
        """Fetches the keys once."""
        async with self._fetching:
            await self._fetch()

    async def fetch_on_demand(self) -> bool:
        """Waits for a fetch that begins after this call. At most one such fetch starts in each cool-down.

        Returns whether it succeeded; False at once if MOST_WAITING requests wait already.
        """
        if self._waiting >= MOST_WAITING:
            return False
        called = monotonic()
        self._waiting += 1
        try:
            async with self._fetching:
                if self._latest_start <= called:
                    await asyncio.sleep(max(0.0, self._next_on_demand - monotonic()))
                    self._next_on_demand = monotonic() + self.issuer.cool_down
                    await self._fetch()
                return self.failure is None
        finally:
            self._waiting -= 1

    async def _fetch(self) -> None:
        start = monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                content = await self._get(self.issuer.jwks_uri or await self._discovered())
            known = parse_key_set(content)
        except TimeoutError:
            self._fail(f"no complete answer within {PATIENCE:g} s")
        except (ValueError, RecursionError) as error:
            self._fail(str(error) or type(error).__name__)
        else:
            self.failure = None
            if content != self._content:
                self.known, self._content = known, content
                self._changed()
        self._latest_start = start

    def _fail(self, reason: str) -> None:
        if self.failure is None:
            _log.warning("issuer %s: %s; %d known keys stay in use", self.issuer.issuer, reason, len(self.known))
        self.failure = reason

    async def _discovered(self) -> str:
        """The address of the keys, from the issuer's metadata (OpenID Connect Discovery 1.0). Raises ValueError."""
        metadata = json.loads(await self._get(self.issuer.issuer.rstrip("/") + DISCOVERY))
        if not isinstance(metadata, dict) or metadata.get("issuer") != self.issuer.issuer:
            raise ValueError("its metadata are those of another issuer")
        if not isinstance(address := metadata.get("jwks_uri"), str):
            raise ValueError("its metadata have no jwks_uri")
        return secure_url(address)
