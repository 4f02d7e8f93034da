"""Orders carried out for an event loop: at once where only the append is waited for, and else in a thread.

To hand an order to a thread, and its answer back, takes longer than to judge it: of 32 threads at work, each waits for
the interpreter.
"""

import asyncio
from concurrent.futures import Executor

from domain.refusals import Refusal
from service.commands.dispatcher import Dispatcher, PreparedCommand, envelope_problems
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.stream_locks import AsyncStreamLocks
from service.event_store.batch import Committed
from service.event_store.records import AppendConflict
from service.event_store.store import EventStore, to_appended


class AsyncDispatcher:
    def __init__(self, dispatcher: Dispatcher, store: EventStore, threads: Executor, locks: AsyncStreamLocks) -> None:
        """threads: for orders that have to wait for what is to be read. locks: of its own, before those of the
        dispatcher, so that many who want the same take no thread from all others."""
        self._dispatcher = dispatcher
        self._store = store
        self._threads = threads
        self._turns = locks

    async def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """As Dispatcher does. Whoever gives up waiting leaves the order on its way."""
        if (refusal := envelope_problems(envelope)) is not None:
            return refusal
        prepared = self._dispatcher.prepare(envelope)
        release = self._turns.try_acquire(prepared.streams) or await self._turns.acquire(prepared.streams)
        try:
            outcome = await self._at_once(prepared)
            if outcome is not None:
                return outcome
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._dispatcher.dispatch, envelope)
        finally:
            release()

    async def _at_once(self, prepared: PreparedCommand) -> CommandResult | None:
        begun = self._dispatcher.decide_from_cache(prepared)
        if begun is None:
            return None
        awaited: asyncio.Future[CommandResult | None] = asyncio.get_running_loop().create_future()

        def told(found: Committed | AppendConflict | Exception) -> None:
            appended = to_appended(begun.item, found) if isinstance(found, Committed) else found
            try:
                outcome = self._dispatcher.complete(begun, appended)
            except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
                if not awaited.done():
                    awaited.set_exception(error)
            else:
                if not awaited.done():
                    awaited.set_result(outcome)

        try:
            self._store.submit(begun.item, told)
        except BaseException:
            begun.release()
            raise
        return await awaited
