"""A proxy between a client and PostgreSQL that loses a request or an answer, or delays it, on demand."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

BIND = b"B"
"""How a request starts that runs a prepared statement, and asks for its COMMIT."""


class Fault(Enum):
    NONE = auto()
    LOSE_REQUEST = auto()
    """Both sides are cut before the server hears of it."""
    LOSE_ANSWER = auto()
    """Both sides are cut once the server has answered."""
    CUT = auto()
    """Both sides are cut once the server has the request, whatever it makes of it."""
    HOLD_REQUEST = auto()
    """Nothing is cut, and nothing passes any more."""


class Proxy:
    """Relays any number of connections. fault: asked for each prepared request that contains `about`; struck: what came
    of it.

    is_open: whether new connections are taken.
    """

    def __init__(self, listener: socket.socket, server: str) -> None:
        self._listener = listener
        self._server = server
        self.fault: Callable[[], Fault] = lambda: Fault.NONE
        self.struck: list[Fault] = []
        self.about = b""
        self.is_open = True
        self._relayed: set[socket.socket] = set()

    def sever(self) -> None:
        """The server is away: every connection is cut, and no new one is taken until `is_open` is set."""
        self.is_open = False
        _cut(*tuple(self._relayed))

    def once(self, fault: Fault, *, and_no_more: bool = False) -> None:
        """The fault strikes the next prepared request and no other; `and_no_more` refuses connections from then on."""
        left = [fault]

        def strike() -> Fault:
            if left and and_no_more:
                self.is_open = False
            return left.pop() if left else Fault.NONE

        self.fault = strike

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_open:
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()
            else:
                client.close()

    def _relay(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        lose_answer = threading.Event()
        with client, server, suppress(OSError):
            self._relayed.add(client)
            server.connect(self._server)
            threading.Thread(target=_answers, args=(server, client, lose_answer), daemon=True).start()
            while piece := client.recv(1 << 20):
                fault = self.fault() if piece[:1] == BIND and self.about in piece else Fault.NONE
                if fault is not Fault.NONE:
                    self.struck.append(fault)
                if fault is Fault.LOSE_REQUEST:
                    break
                if fault is Fault.LOSE_ANSWER:
                    lose_answer.set()
                if fault is not Fault.HOLD_REQUEST:
                    server.sendall(piece)
                if fault is Fault.CUT:
                    break
            _cut(client, server)
        self._relayed.discard(client)


def _answers(server: socket.socket, client: socket.socket, lose: threading.Event) -> None:
    with suppress(OSError):
        while piece := server.recv(1 << 20):
            if lose.is_set():
                break
            client.sendall(piece)
    _cut(client, server)


def _cut(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: str, folder: Path) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of this server, and the URL that leads through it. folder: for its socket."""
    parts = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    name = f".s.PGSQL.{options['port']}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / name))
        listener.listen(100)
        proxy = Proxy(listener, f"{options['host']}/{name}")
        threading.Thread(target=proxy.serve, daemon=True).start()
        query = f"host={quote(str(folder), safe='')}&port={options['port']}"
        try:
            yield proxy, urlunsplit(parts._replace(query=query))
        finally:
            _cut(listener)
