"""Fetching of issuers' metadata and keys by HTTP. Imported only where there are issuers: httpx takes long to import."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from service.access.issuer_keys import Fetch, FetchFailed

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes."""
HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


@asynccontextmanager
async def open_fetch() -> AsyncIterator[Fetch]:
    """Connections stay open while the context is."""
    async with httpx.AsyncClient() as client:

        async def fetch(url: str) -> bytes:
            try:
                return await _body(client, url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise FetchFailed(str(error) or type(error).__name__) from error

        yield fetch


async def _body(client: httpx.AsyncClient, url: str) -> bytes:
    async with client.stream("GET", url, headers=HEADERS, follow_redirects=False) as response:
        if response.status_code != 200:
            raise FetchFailed(f"{url} answered with status {response.status_code}")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > LONGEST_ANSWER:
                raise FetchFailed(f"the answer of {url} has more than {LONGEST_ANSWER:,} bytes")
        return bytes(content)
