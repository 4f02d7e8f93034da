"""Quotas per person, over all their connections."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from weakref import WeakValueDictionary

from service.graphql.execution.field_charges import AT_ONCE
from service.graphql.execution.pace import Pace

REQUESTS: Final = 128
"""Concurrent requests, including waiting ones."""
COMMANDS: Final = 64
FILES: Final = 2
"""Concurrent exports and dossiers."""
PDFS: Final = 1
"""Dossiers that are rendered as PDF at the same time."""
ANSWERS: Final = 8 * 1024 * 1024
"""Bytes of responses that are being built or that the client has not read yet."""
PATIENCE: Final = 5.0
"""Seconds that a request waits for other requests of the same person."""
RETRY_AFTER: Final = 1.0

Person = tuple[str, str]
"""Issuer and subject."""


class QuotaExceeded(Exception):
    """A person exceeds their quota. Nothing was executed. retry_after: seconds."""

    def __init__(self, message: str, *, retry_after: float = RETRY_AFTER) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PersonQuota:
    """Quota of one person.

    pace: shared by all their requests. reading: lock held while a long document of theirs is parsed. large: lock held
    by a request with a large body.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self.reading = asyncio.Lock()
        self.large = asyncio.Lock()
        self._requests = self._commands = self._files = self._pdfs = self._bytes = self._cost = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Raises QuotaExceeded."""
        if self._requests >= REQUESTS:
            raise QuotaExceeded(f"You have {REQUESTS} requests in progress: wait for their answers.")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextmanager
    def command(self) -> Iterator[None]:
        """Raises QuotaExceeded."""
        if self._commands >= COMMANDS:
            raise QuotaExceeded(
                f"You have {COMMANDS} commands in progress: wait for their answers. This one was not recorded."
            )
        self._commands += 1
        try:
            yield
        finally:
            self._commands -= 1

    @contextmanager
    def file(self) -> Iterator[None]:
        """Raises QuotaExceeded."""
        if self._files >= FILES:
            raise QuotaExceeded(f"You have {FILES} exports or dossiers in progress: wait for their end.")
        self._files += 1
        try:
            yield
        finally:
            self._files -= 1

    @contextmanager
    def pdf(self) -> Iterator[None]:
        """Raises QuotaExceeded."""
        if self._pdfs >= PDFS:
            raise QuotaExceeded("You have a PDF in progress: wait for its end.")
        self._pdfs += 1
        try:
            yield
        finally:
            self._pdfs -= 1

    def take_bytes(self, number: int) -> None:
        """Reserves bytes of a response. Raises QuotaExceeded. Call `give_bytes` when the client has read them."""
        if self._bytes + number > ANSWERS:
            raise QuotaExceeded("Your pending answers are too long together: read them before you ask for more.")
        self._bytes += number

    def give_bytes(self, number: int) -> None:
        self._bytes -= number

    @asynccontextmanager
    async def cost(self, units: int) -> AsyncIterator[None]:
        """Reserves cost units while the context lasts. More than AT_ONCE runs alone.

        Raises QuotaExceeded.
        """
        units = min(units, AT_ONCE)
        if self._waiting or self._cost + units > AT_ONCE:
            await self._wait_for_capacity(units)
        else:
            self._cost += units
        try:
            yield
        finally:
            self._cost -= units
            self._admit()

    async def _wait_for_capacity(self, units: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((units, turn))
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._cost -= units
            turn.cancel()
            self._admit()
            if isinstance(error, TimeoutError):
                raise QuotaExceeded("Your requests in progress take too long: ask for less at once.") from None
            raise

    def _admit(self) -> None:
        while self._waiting:
            units, turn = self._waiting[0]
            if not turn.done():
                if self._cost + units > AT_ONCE:
                    return
                self._cost += units
                turn.set_result(None)
            self._waiting.popleft()


class PersonQuotas:
    """The quotas of all persons with active requests."""

    def __init__(self) -> None:
        self._shares: WeakValueDictionary[Person, PersonQuota] = WeakValueDictionary()

    def of(self, person: Person) -> PersonQuota:
        """Keep a reference while anything is reserved: quotas are held weakly."""
        found = self._shares.get(person)
        if found is None:
            found = self._shares[person] = PersonQuota()
        return found
