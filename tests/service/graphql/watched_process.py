"""An API that writes down what its event loop does: `python -m tests.service.graphql.watched_process FILE serve ...`.

Times are those of the processor in the loop's thread, so it does not matter how busy the machine is. The loop is that
of asyncio, whose callbacks can be measured; they are the same as with uvloop.
"""

import asyncio
import gc
import sys
from pathlib import Path
from time import thread_time
from typing import IO, Final

from starlette.types import Receive, Scope, Send

from service.cli import main
from service.graphql.http.endpoint import GraphQLOverHttp

PIECE: Final = "piece"
"""Begins a line for a piece of work that took longer than NOTABLE: seconds, and what it was."""
WAIT: Final = "wait"
"""Begins a line for each request with the header VICTIM: the seconds that the loop worked while it was served."""
NOTABLE: Final = 0.01
VICTIM: Final = "x-victim"


class Collections:
    """Time of the garbage collections, which are nobody's work. spent: seconds of the processor so far."""

    def __init__(self) -> None:
        self.spent = self._began = 0.0
        gc.callbacks.append(self._collected)

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = thread_time()
        else:
            self.spent += thread_time() - self._began


def watch_pieces(file: IO[str]) -> None:
    run = asyncio.Handle._run
    collections = Collections()

    def timed(handle: asyncio.Handle) -> None:
        began = thread_time() - collections.spent
        run(handle)
        took = thread_time() - collections.spent - began
        if took > NOTABLE:
            owner = getattr(handle._callback, "__self__", handle)  # type: ignore[attr-defined]
            file.write(f"{PIECE} {took:.4f} {owner!r:.200}\n")

    setattr(asyncio.Handle, "_run", timed)  # noqa: B010


def watch_victims(file: IO[str]) -> None:
    call = GraphQLOverHttp.__call__

    async def timed(endpoint: GraphQLOverHttp, scope: Scope, receive: Receive, send: Send) -> None:
        began = thread_time()
        await call(endpoint, scope, receive, send)
        if any(name == VICTIM.encode() for name, _ in scope["headers"]):
            file.write(f"{WAIT} {thread_time() - began:.4f}\n")

    setattr(GraphQLOverHttp, "__call__", timed)  # noqa: B010


if __name__ == "__main__":
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    with Path(sys.argv.pop(1)).open("a", buffering=1) as file:
        watch_pieces(file)
        watch_victims(file)
        main()
