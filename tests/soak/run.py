"""One soak: load, kills and rebuilds for a while; then quiet, and the verdict."""

import random
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.recorded_event import Recorded
from service.event_store.store import EventStore
from tests.soak.clients import Client
from tests.soak.ledger import Answer, Ledger
from tests.soak.register import SoakRegister, soak_register

CLIENTS = 8
PAUSE = 2.0
"""Seconds between two kills, at most twice as long."""
REBUILD_EVERY = 10
"""Kills between two rebuilds."""
WARM_UP = 15.0
"""Seconds of load before memory and connections are measured the first time."""
GROWTH = 1.3
"""How much more memory a process, and how many more sessions all of them, may have at the end."""


@dataclass
class Report:
    """What happened, and what is wrong: nothing, where `problems` is empty."""

    answers: Counter[Answer] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    rebuilt: Counter[str] = field(default_factory=Counter)
    events: int = 0
    memory: dict[str, tuple[int, int]] = field(default_factory=dict)
    sessions: tuple[int, int] = (0, 0)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [
            f"commands: {', '.join(f'{count} {answer}' for answer, count in sorted(self.answers.items()))}",
            f"events: {self.events}",
            f"kills: {sum(self.killed.values())} ({_listed(self.killed)})",
            f"rebuilds: {sum(self.rebuilt.values())} ({_listed(self.rebuilt)})",
            *(f"memory of {name}: {a / 1e6:.0f} MB, then {b / 1e6:.0f} MB" for name, (a, b) in self.memory.items()),
            f"sessions: {self.sessions[0]}, then {self.sessions[1]}",
            *(f"PROBLEM: {problem}" for problem in self.problems),
        ]


def soak(folder: Path, seconds: float, seed: int, number: int = CLIENTS, warm_up: float = WARM_UP) -> Report:
    """folder: for data and logs, empty. seed: of what is killed when. number: of clients."""
    report, ledger, stop = Report(), Ledger(), threading.Event()
    with soak_register(folder) as register:
        clients = [Client(each, register.apis, register.register, ledger, stop) for each in range(number)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        try:
            stop.wait(warm_up)
            memory, sessions = register.memory(), register.sessions()
            _disturb(register, report, seconds, random.Random(seed))
            register.settle()
        finally:
            stop.set()
            for thread in threads:
                thread.join(200)
        register.settle()
        report.memory = {name: (memory[name], now) for name, now in register.memory().items()}
        report.sessions = (sessions, register.sessions())
        report.problems += _growth(report)
        _judge(register, ledger, report)
    return report


def _disturb(register: SoakRegister, report: Report, seconds: float, chance: random.Random) -> None:
    until, pause = time.monotonic() + seconds, threading.Event()
    kills = 0
    while time.monotonic() < until:
        pause.wait(chance.uniform(0, 2 * PAUSE))
        report.killed[register.kill(chance).split()[0]] += 1
        kills += 1
        if kills % REBUILD_EVERY == 0:
            report.rebuilt[register.rebuild(chance)] += 1


def _judge(register: SoakRegister, ledger: Ledger, report: Report) -> None:
    events = _log(register.urls.api)
    report.answers, report.events = ledger.counts(), len(events)
    report.problems += ledger.discrepancies(events)
    if [recorded.position for recorded in events] != list(range(1, len(events) + 1)):
        report.problems.append("positions have a gap")
    for command in (("verify",), ("replay", "--check")):
        done = register.run(*command)
        if done.returncode != 0:
            report.problems.append(f"mandate {' '.join(command)}: {done.stdout}{done.stderr}")


def _growth(report: Report) -> list[str]:
    measured = {**{f"memory of {name}": values for name, values in report.memory.items()}, "sessions": report.sessions}
    return [f"{name} grew from {a} to {b}" for name, (a, b) in measured.items() if b > GROWTH * a]


def _log(url: str) -> list[Recorded[Any]]:
    events: list[Recorded[Any]] = []
    with closing(EventStore(url)) as store:
        while found := store.feed(events[-1].position if events else 0, 1000):
            events += found
    return events


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
