"""Subscriptions and sockets that are meant to take a process away from everybody else."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import httpx
from websockets.exceptions import ConnectionClosed

from tests.service.graphql.api_client import Person
from tests.service.graphql.attacked import LONG, Served
from tests.service.graphql.subscriptions.client import Socket, socket

EVENTS = """subscription ($after: Position) { eventsRecorded(after: $after) {
    position type payload redactions actor { subject name } changes { path } } }"""
CHANGED = """subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version purpose availableActions
    explanation { status actions { action rules { rule } } } } }"""
SOCKETS = 5
EACH = 10
ENOUGH = 100
"""Events that each socket waits for."""
DONE = httpx.Response(200)


@contextmanager
def _subscribed(served: Served, document: str, **variables: str) -> Iterator[list[Socket]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(socket(served.here.register, greeted=served.attacker)) for _ in range(SOCKETS)]
        for client in clients:
            for key in range(EACH):
                client.subscribe(str(key), document, **variables)
        yield clients


def events(served: Served) -> httpx.Response:
    """Everything that was recorded, from the beginning."""
    with _subscribed(served, EVENTS, after="0") as clients:
        for client in clients:
            _read(client, ENOUGH)
    return DONE


def changes(served: Served) -> httpx.Response:
    """All are told of each change of one request, with what is computed of it."""
    here = served.here
    request = str(here.request()["id"])
    with _subscribed(served, CHANGED, id=request) as clients:
        for client in clients:
            _read(client, EACH)
        here.on_request(here.requester, "remarkOnDeploymentRequest", request, reason=LONG)
        for client in clients:
            _read(client, EACH)
    return DONE


def _read(client: Socket, number: int) -> None:
    for _ in range(number):
        message = client.receive()
        assert message["type"] == "next", message


def documents(served: Served) -> httpx.Response:
    """Long documents, none of them valid, as fast as they are taken."""
    fields = " ".join(f"nothing{n}" for n in range(140))
    nested = " ".join(f"... on DeploymentRequest {{ {fields} }}" for _ in range(10))
    document = f"{{ deploymentRequests {{ edges {{ node {{ {nested} }} }} }} }}"
    with socket(served.here.register, greeted=served.attacker) as client:
        for number in range(20):
            client.subscribe(str(number), f"{document} # {number}")
        for _ in range(20):
            assert client.receive()["type"] == "error"
    return DONE


def messages(served: Served) -> httpx.Response:
    """Messages as long as they may be, of as many values as fit."""
    return _flooded(served, served.attacker, json.dumps({"type": "ping", "payload": {"x": [[]] * 60_000}}), 10)


def ungreeted(served: Served) -> httpx.Response:
    """Sockets that send what they may without a token."""
    return _flooded(served, None, json.dumps({"type": "ping", "payload": {"x": [[]] * 3_500}}), 9, sockets=48)


def _flooded(served: Served, who: Person | None, message: str, number: int, sockets: int = 3) -> httpx.Response:
    """Returns when everything is answered, or the server has closed."""

    def read(client: Socket) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            for _ in range(number):
                client.receive()

    with ExitStack() as stack:
        clients = [stack.enter_context(socket(served.here.register, greeted=who)) for _ in range(sockets)]
        readers = [threading.Thread(target=read, args=(client,)) for client in clients]
        for reader in readers:
            reader.start()
        for client in clients:
            with suppress(ConnectionClosed):
                for _ in range(number):
                    client.connection.send(message)
        for reader in readers:
            reader.join()
    return DONE


SOCKET_ATTACKS: Final[dict[str, Callable[[Served], httpx.Response]]] = {
    "50 subscriptions from the beginning": events,
    "50 subscriptions to one request": changes,
    "20 long documents over a socket": documents,
    "messages of 60,000 values": messages,
    "48 sockets without a token": ungreeted,
}
