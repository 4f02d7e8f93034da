"""How much of a process one person may take, over all their connections: the rest is for others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from weakref import WeakValueDictionary

from service.graphql.execution.field_charges import AT_ONCE
from service.graphql.execution.pace import Pace

REQUESTS: Final = 128
"""Requests under way, also those that wait."""
COMMANDS: Final = 64
ANSWERS: Final = 8 * 1024 * 1024
"""Bytes of answers that are made, or that their client has not taken yet."""
PATIENCE: Final = 5.0
"""Seconds that a request waits for the others of its person."""
RETRY_AFTER: Final = 1.0

Person = tuple[str, str]
"""Issuer and subject."""


class QuotaExceeded(Exception):
    """A person asks for more at once than they may. Nothing of it was done."""


class PersonQuota:
    """One person's.

    pace: of all their requests together. reading: held while a document of theirs is read. large: held by a request
    whose body is large.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self.reading = asyncio.Lock()
        self.large = asyncio.Lock()
        self._requests = self._commands = self._bytes = self._cost = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Raises TooMany."""
        if self._requests >= REQUESTS:
            raise QuotaExceeded(f"You have {REQUESTS} requests under way: wait for their answers.")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextmanager
    def command(self) -> Iterator[None]:
        """Raises TooMany."""
        if self._commands >= COMMANDS:
            raise QuotaExceeded(
                f"You have {COMMANDS} commands under way: wait for their answers. This one was not recorded."
            )
        self._commands += 1
        try:
            yield
        finally:
            self._commands -= 1

    def take_bytes(self, number: int) -> None:
        """Of an answer. Raises TooMany. `give_bytes` is due when the client has taken them."""
        if self._bytes + number > ANSWERS:
            raise QuotaExceeded("Your answers under way are too long together: read them before you ask for more.")
        self._bytes += number

    def give_bytes(self, number: int) -> None:
        self._bytes -= number

    @asynccontextmanager
    async def cost(self, units: int) -> AsyncIterator[None]:
        """Executes what costs so much. What costs more than AT_ONCE is executed alone.

        Raises TooMany.
        """
        units = min(units, AT_ONCE)
        if not self._cost:
            self.pace.begin()
        if self._waiting or self._cost + units > AT_ONCE:
            await self._until_there_is(units)
        else:
            self._cost += units
        try:
            yield
        finally:
            self._cost -= units
            self._admit()

    async def _until_there_is(self, units: int) -> None:
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
                raise QuotaExceeded("Your requests under way take too long: ask for less at once.") from None
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
    """One for everybody who asks for something now."""

    def __init__(self) -> None:
        self._shares: WeakValueDictionary[Person, PersonQuota] = WeakValueDictionary()

    def of(self, person: Person) -> PersonQuota:
        """To be held for as long as anything of it is taken."""
        found = self._shares.get(person)
        if found is None:
            found = self._shares[person] = PersonQuota()
        return found
