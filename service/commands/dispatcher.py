"""The only path to a recorded event: validate, lock, load, decide, append. People and policies use it."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from anyio.from_thread import start_blocking_portal

from domain import validation
from domain.refusals import InvalidInput, Refusal
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.execution import Execution
from service.commands.idempotency import key_problem
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.errors import Stopping
from service.event_store.store import EventStore

Dispatch = Callable[[CommandEnvelope], CommandResult | Refusal]


class Dispatcher:
    """Dispatches commands, in one event loop. For callers in threads, see `blocking`."""

    def __init__(
        self,
        store: EventStore,
        states: StateCache,
        locks: StreamLocks,
        clock: Callable[[], datetime] | None = None,
        *,
        threads: Executor | None = None,
        two_administrators: bool = False,
    ) -> None:
        """clock: replaces the database's. threads: for what must be read; None uses those of the event loop.

        two_administrators: see `Context`.
        """
        self._locks = locks
        self._execution = partial(
            Execution,
            store=store,
            states=states,
            threads=threads,
            clock=clock or store.clock.now,
            two_administrators=two_administrators,
        )

    async def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """What was recorded, or the refusal. Raises Unavailable if the store cannot answer now.

        If the caller is cancelled after the locks were acquired, the command continues.
        """
        if (refusal := _problems(envelope)) is not None:
            return refusal
        execution = self._execution(envelope)
        release = await self._locks.acquire(execution.streams)
        running = asyncio.get_running_loop().create_task(execution.run())
        running.add_done_callback(lambda _: release())
        return await asyncio.shield(running)


@contextmanager
def blocking(dispatcher: Dispatcher) -> Iterator[Dispatch]:
    """`dispatch` for threads. The commands run in an event loop that ends with the context; then it raises Stopping."""
    with start_blocking_portal() as portal:

        def dispatch(envelope: CommandEnvelope) -> CommandResult | Refusal:
            try:
                answer = portal.start_task_soon(dispatcher.dispatch, envelope)
            except RuntimeError:
                raise Stopping from None
            return answer.result()

        yield dispatch


def _problems(envelope: CommandEnvelope) -> InvalidInput | None:
    """Problems that need no state."""
    problems = [*validation.problems(envelope.command)]
    if (key := key_problem(envelope.idempotency_key)) is not None:
        problems.append(key)
    return InvalidInput.of(*problems) if problems else None
