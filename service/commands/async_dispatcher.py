"""Dispatches commands from an event loop: in the loop if only the append must be waited for, else in a thread.

Handing a command to a thread and its result back takes longer than the decision, since 32 busy threads compete for the
GIL.
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
        """threads: for commands that must wait for reads. locks: taken before the dispatcher's own, so that many
        commands on one stream do not occupy all threads.
        """
        self._dispatcher = dispatcher
        self._store = store
        self._threads = threads
        self._locks = locks

    async def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """Like Dispatcher.dispatch. If the caller is cancelled, the command continues."""
        if (refusal := envelope_problems(envelope)) is not None:
            return refusal
        prepared = self._dispatcher.prepare(envelope)
        release = self._locks.try_acquire(prepared.streams) or await self._locks.acquire(prepared.streams)
        try:
            outcome = await self._dispatch_from_cache(prepared)
            if outcome is not None:
                return outcome
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._dispatcher.dispatch, envelope)
        finally:
            release()

    async def _dispatch_from_cache(self, prepared: PreparedCommand) -> CommandResult | None:
        pending = self._dispatcher.decide_from_cache(prepared)
        if pending is None:
            return None
        future: asyncio.Future[CommandResult | None] = asyncio.get_running_loop().create_future()

        def on_outcome(result: Committed | AppendConflict | Exception) -> None:
            appended = to_appended(pending.item, result) if isinstance(result, Committed) else result
            try:
                outcome = self._dispatcher.complete(pending, appended)
            except Exception as error:  # noqa: BLE001 - raised where the future is awaited
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(outcome)

        try:
            self._store.submit(pending.item, on_outcome)
        except BaseException:
            pending.release()
            raise
        return await future
