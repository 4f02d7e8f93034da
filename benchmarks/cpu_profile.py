"""CPU profile of a server by layer: its main thread is sampled by CPU time."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import FrameType
from typing import Final

EVERY: Final = 0.002
"""CPU seconds between samples."""
LAYERS: Final = (
    ("HTTP: uvicorn, Starlette", ("/uvicorn/", "/httptools", "/starlette/", "/fastapi/")),
    ("resolvers and answers", ("/service/graphql/", "/benchmarks/stock_api.py", "/benchmarks/strawberry_peer.py")),
    ("GraphQL: Strawberry, graphql-core", ("/strawberry/", "/graphql/")),
    ("tokens", ("/joserfc/", "/service/access/own_tokens.py")),
    ("database: SQLAlchemy, psycopg", ("/sqlalchemy/", "/psycopg", "/greenlet/")),
    ("views: statements and documents", ("/projections/",)),
    ("eventsourcing", ("/eventsourcing/", "/benchmarks/stock_application.py")),
    ("event loop", ("/asyncio/", "/uvloop", "/benchmarks/", "/concurrent/", "/threading.py")),
    ("domain and service", ("/domain/", "/service/")),
)


class Sampler:
    """Profiles this process: the main thread, which must install it, and the command threads."""

    def __init__(self) -> None:
        self._samples: Counter[str] = Counter()
        signal.signal(signal.SIGPROF, self._sample)

    def start(self) -> None:
        self._samples.clear()
        self._before = _seconds_of_threads()
        self._began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def stop(self) -> Mapping[str, float]:
        """CPU seconds by layer."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        total = time.process_time() - self._began
        spent = {name: after - self._before.get(name, 0.0) for name, after in _seconds_of_threads().items()}
        main = max(total - sum(spent.values()), 0.0)
        total = sum(self._samples.values()) or 1
        return {layer: main * count / total for layer, count in self._samples.items()} | spent

    def _sample(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if (layer := _layer_of(frame.f_code.co_filename)) is not None:
                self._samples[layer] += 1
                return
            frame = frame.f_back
        self._samples["event loop"] += 1


def _layer_of(file: str) -> str | None:
    return next((layer for layer, parts in LAYERS if any(part in file for part in parts)), None)


def _seconds_of_threads() -> dict[str, float]:
    """CPU seconds of the other threads, by their purpose."""
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.ident is not None:
            kind = "command threads" if thread.name.startswith("command") else "appender, pools"
            used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            found[kind] = found.get(kind, 0.0) + used
    return found
