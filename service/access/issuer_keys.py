"""The keys of one issuer, fetched by HTTP and kept. Known keys stay in use while the issuer does not answer."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Final

import httpx

from domain.vocabulary import iso_time
from service.access.issuers import DISCOVERY, Issuer, secure_url
from service.access.key_sets import KeySet, parse_key_set

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes."""
PATIENCE: Final = 5.0
"""Seconds for one fetch, discovery included."""
RETRY: Final = 30.0
"""Seconds until the next fetch after one that failed, if that is sooner than the next refresh."""
MOST_WAITING: Final = 100
"""Requests that wait for a fetch because of an unknown `kid`. One more is refused at once."""


class IssuerKeys:
    """Belongs to one event loop, in which it fetches. `known` and `warning` may be read from any thread."""

    def __init__(self, issuer: Issuer, client: httpx.AsyncClient, changed: Callable[[], None]) -> None:
        """changed: called after the keys are others than before."""
        self.issuer = issuer
        self.known: KeySet = {}
        self._content = b""
        self._client = client
        self._changed = changed
        self._fetching = asyncio.Lock()
        self._latest_start = float("-inf")
        self._next_on_demand = float("-inf")
        self._waiting = 0
        self._failure: str | None = None

    def warning(self) -> str | None:
        """Why the newest fetch failed; None if it did not."""
        return self._failure and f"{self._failure}; {len(self.known)} known keys stay in use"

    async def follow(self) -> None:
        """Fetches the keys again and again. Never returns."""
        while True:
            issuer = self.issuer
            await asyncio.sleep(issuer.refresh if self._failure is None else min(RETRY, issuer.refresh))
            await self.refresh()

    async def refresh(self) -> None:
        """Fetches the keys once. A failure becomes the warning."""
        async with self._fetching:
            await self._fetch()

    async def fetch_on_demand(self) -> None:
        """Returns after a fetch that began after this call. At most one such fetch starts in each cool-down."""
        if self._waiting >= MOST_WAITING:
            return
        called = monotonic()
        self._waiting += 1
        try:
            async with self._fetching:
                if self._latest_start <= called:
                    await asyncio.sleep(max(0.0, self._next_on_demand - monotonic()))
                    self._next_on_demand = monotonic() + self.issuer.cool_down
                    await self._fetch()
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
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            self._fail(str(error) or type(error).__name__)
        else:
            self._failure = None
            if content != self._content:
                self.known, self._content = known, content
                self._changed()
        self._latest_start = start

    def _fail(self, reason: str) -> None:
        self._failure = f"its keys could not be fetched at {iso_time(datetime.now(UTC))}: {reason}"

    async def _discovered(self) -> str:
        """The address of the keys, from the issuer's metadata (OpenID Connect Discovery 1.0). Raises ValueError."""
        metadata = json.loads(await self._get(self.issuer.issuer.rstrip("/") + DISCOVERY))
        if not isinstance(metadata, dict) or metadata.get("issuer") != self.issuer.issuer:
            raise ValueError("its metadata are those of another issuer")
        if not isinstance(address := metadata.get("jwks_uri"), str):
            raise ValueError("its metadata have no jwks_uri")
        return secure_url(address)

    async def _get(self, url: str) -> bytes:
        """The body of the answer. Raises httpx.HTTPError, and ValueError for an answer that is not used."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.status_code != 200:
                raise ValueError(f"{url} answered with status {response.status_code}")
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > LONGEST_ANSWER:
                    raise ValueError(f"the answer of {url} has more than {LONGEST_ANSWER:,} bytes")
            return bytes(content)
