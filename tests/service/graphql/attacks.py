"""Requests that are meant to take a process away from everybody else.

`python -m tests.service.graphql.attacks` prints how long another person waits meanwhile, how much memory it takes, and
how long the event loop does one piece of work.
"""

import json
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import httpx

from service.database.embedded import embedded_postgres
from tests.databases import CARELESS, Databases, in_memory_where_possible
from tests.service.graphql.attacked import LOST, PAGE, VICTIM, Served, attacked, harm
from tests.service.graphql.command_attacks import COMMAND_ATTACKS
from tests.service.graphql.socket_attacks import SOCKET_ATTACKS


def line_breaks(served: Served) -> httpx.Response:
    return served.ask("{" + "\n" * 300_000 + " ".join(f"nothing{n}" for n in range(99)) + "}")


def long_name(served: Served) -> httpx.Response:
    name = "n" * 4_000_000
    return served.ask(f"query {name}(" + " ".join(f"$v{n}: Int" for n in range(99)) + ") { viewer { subject } }")


def long_alias(served: Served) -> httpx.Response:
    fields = " ".join(f"{'n' * 40_000}{n}: changes(fromVersion: 77) {{ path }}" for n in range(2))
    return served.ask(f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")


def long_texts(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: purpose" for n in range(99))
    return served.ask(f"{{ deploymentRequests(first: 20) {{ edges {{ node {{ {fields} }} }} }} }}")


def computed(field: str, aliases: int, first: int = PAGE) -> Callable[[Served], httpx.Response]:
    def ask(served: Served) -> httpx.Response:
        fields = " ".join(f"a{n}: {field}" for n in range(aliases))
        return served.ask(f"{{ deploymentRequests(first: {first}) {{ edges {{ node {{ {fields} }} }} }} }}")

    return ask


def text_filters(served: Served) -> httpx.Response:
    fields = " ".join(
        f'a{n}: deploymentRequests(filter: {{ text: "zz{n} x y z" }}) {{ totalCount edges {{ cursor }} }}'
        for n in range(99)
    )
    return served.ask(f"{{ {fields} }}")


def many_pages(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: deploymentRequests(first: 100) {{ edges {{ node {{ id }} }} }}" for n in range(99))
    return served.ask(f"{{ {fields} }}")


def plain_fields(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: status" for n in range(99))
    return served.ask(
        f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} ...F ...G }} }} }} }} "
        "fragment F on DeploymentRequest { version revision force strength region marking recipients submittedAt } "
        "fragment G on DeploymentRequest { updatedAt period { start end } incidents { reference evidence { id } } }"
    )


def names(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: requestingAuthority {{ name }}" for n in range(98))
    return served.ask(f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")


def overlapping(served: Served) -> httpx.Response:
    """Fragments that are spread side by side, whose fields are all compared with each other."""
    spread = " ".join(f"...F{n}" for n in range(140))
    parts = " ".join(f"fragment F{n} on DeploymentRequest {{ id status version }}" for n in range(140))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {spread} }} }} }} }} {parts} # {monotonic()}")


def nested_overlap(served: Served) -> httpx.Response:
    parts = " ".join(
        f"fragment F{n} on DeploymentRequest {{ incidents {{ ...G{n} }} id }} "
        f"fragment G{n} on Incident {{ deploymentRequests {{ ...F{n + 1} }} id }}"
        for n in range(100)
    )
    last = "fragment F100 on DeploymentRequest { id }"
    spread = " ".join(f"...F{n}" for n in range(100))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {spread} }} }} }} }} {parts} {last} # {monotonic()}")


def wide(served: Served) -> httpx.Response:
    """As many tokens as are accepted, in fields of one name."""
    fields = " ".join("status" for _ in range(149))
    sets = " ".join(f"... on DeploymentRequest {{ {fields} }}" for _ in range(12))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {sets} }} }} }} }} # {monotonic()}")


def many_values(served: Served) -> httpx.Response:
    values = ",".join("[]" for _ in range(1_390_000))
    return served.post(
        served.attacker, f'{{"query": "{{ viewer {{ subject }} }}", "variables": {{"a": [{values}]}}}}'.encode()
    )


def slow_readers(served: Served) -> httpx.Response:
    """Fifty who ask for as much as they get, and read nothing of it."""
    body = json.dumps({"query": "{ deploymentRequests(first: 100) { edges { node { purpose } } } }"}).encode()
    token = served.here.register.headers(served.attacker)["authorization"]
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
    host, port = served.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(50):
            each = stack.enter_context(socket.create_connection((host, int(port))))
            each.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return served.ask("{ viewer { subject } }")


ATTACKS: dict[str, Callable[[Served], httpx.Response]] = {
    "none": lambda served: served.ask(VICTIM),
    "99 errors on 300,000 lines": line_breaks,
    "an operation name of 4 MB": long_name,
    "long aliases in the paths of errors": long_alias,
    "99 long texts on a page of 20": long_texts,
    "98 availableActions on a page of 100": computed("availableActions", 98),
    "4 availableActions on a page of 100": computed("availableActions", 4),
    "20 explanations on a page of 100": computed("explanation { status actions { action rules { rule } } }", 20),
    "an explanation on a page of 100": computed("explanation { status actions { action rules { rule } } }", 1),
    "90 changes on a page of 100": computed("changes(fromVersion: 1) { path }", 90),
    "90 refused changes on a page of 100": computed("changes(fromVersion: 77) { path }", 90),
    "histories of 100 on a page of 100": computed("history(first: 100) { edges { node { type payload } } }", 1),
    "10 histories on a page of 100": computed("history(first: 10) { edges { node { type payload } } }", 10),
    "99 text filters": text_filters,
    "99 pages of 100": many_pages,
    "11,000 plain fields": plain_fields,
    "98 names on a page of 100": names,
    "140 fragments side by side": overlapping,
    "fragments nested in fragments": nested_overlap,
    "1,800 fields of one name": wide,
    "1,390,000 values": many_values,
    "50 slow readers": slow_readers,
    "a dossier as PDF": lambda served: served.get(f"/requests/{served.written}/dossier.pdf"),
    "a dossier as HTML": lambda served: served.get(f"/requests/{served.written}/dossier.html"),
    **COMMAND_ATTACKS,
    **SOCKET_ATTACKS,
}


def main(names: list[str]) -> None:
    with ExitStack() as stack:
        data = stack.enter_context(in_memory_where_possible(Path(stack.enter_context(TemporaryDirectory()))))
        databases = Databases(stack.enter_context(embedded_postgres(data, CARELESS)))
        databases.prepare(data)
        served = stack.enter_context(attacked(stack.enter_context(databases.fresh())))
        for name, attack in ATTACKS.items():
            if names and not any(each in name for each in names):
                continue
            found = harm(served, attack)
            if any(status == LOST for status, *_ in found.answers):
                served.restart()
            answers = sorted({(status, size // 1000) for status, size, _ in found.answers})
            figures = f"waited {found.waited:6.3f} s, took {found.took:5.1f} s, grew {found.grown:4} MB"
            figures += f", the loop worked {found.worked:.3f} s meanwhile, {found.piece[0]:.3f} s in one piece"
            print(
                f"{name:40} {figures}  {answers[:3]} {found.answers[0][2][:100]!r} {found.piece[1][:150]}", flush=True
            )


if __name__ == "__main__":
    main(sys.argv[1:])
