"""Exports and dossiers, streamed. A list of events that breaks off is continued after its last whole row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from service.cli.error_output import CommandFailed
from service.cli.remote.event_rows import POSITIONS, EventRows
from service.cli.remote.server import POSITION, Server, segment
from service.cli.remote.server_response import NotVisible
from service.errors import Unavailable
from service.exchange.exports.chosen_export import BYTE_ORDER_MARK, Export
from service.exchange.visible_log.refused import REQUEST, unseen
from service.rest.media import DOSSIERS, EXPORTS, MARKING, SQLITE

TRIES: Final = 3
"""Attempts in a row that bring no event."""


def export(server: Server, chosen: Export, target: BinaryIO, request: str | None) -> int:
    """Writes what the server sends to the target, and returns the position up to which it is.

    Raises ExportRefused, CommandFailed, Unavailable.
    """
    download = Download(server, chosen, {"request": request, "asOf": server.as_of}, target)
    target.write(chosen.mark)
    with _named(server, request):
        if chosen.name in POSITIONS and (chosen.name != "csv" or chosen.has_events):
            return _continued(download, EventRows(chosen.name))
        return download.whole()


def _continued(download: "Download", rows: EventRows) -> int:
    tries = TRIES
    while True:
        reached = rows.position
        try:
            return download.continued(rows)
        except Unavailable as error:
            if rows.position == 0:
                raise
            tries = TRIES if rows.position > reached else tries - 1
            if tries == 0:
                raise CommandFailed(f"the transfer broke off after position {rows.position}: {error}") from None


def dossier(server: Server, reference: str, ending: str, write: Callable[[bytes], None]) -> str:
    """Writes the dossier, and returns its marking. Raises ExportRefused, CommandFailed, Unavailable."""
    media, path = DOSSIERS[ending].partition(";")[0], f"/requests/{segment(reference)}/dossier.{ending}"
    with _named(server, reference), server.stream(path, {"asOf": server.as_of}, media) as response:
        for part in response.iter_raw():
            write(part)
        return str(response.headers.get(MARKING, "of unknown marking"))


@contextmanager
def _named(server: Server, reference: str | None) -> Iterator[None]:
    """Says which request cannot be found."""
    try:
        yield
    except NotVisible:
        if reference is None:
            raise
        raise unseen(reference, (REQUEST,), by_then=server.as_of is not None) from None


class Download:
    """One export from a server."""

    def __init__(self, server: Server, chosen: Export, parameters: dict[str, Any], target: BinaryIO) -> None:
        media = SQLITE if chosen.is_database else next(iter(EXPORTS[chosen.name].media)).partition(";")[0]
        self._server, self._path, self._media = server, f"/export/{chosen.name}", media
        self._parameters = {**parameters, "events": chosen.has_events or None}
        self._is_csv, self._target = chosen.name == "csv", target

    def whole(self) -> int:
        with self._server.stream(self._path, self._parameters, self._media) as response:
            self._target.writelines(self._parts(response.iter_raw()))
            return int(response.headers[POSITION])

    def continued(self, rows: EventRows) -> int:
        """rows: those that came so far, and will have come."""
        parameters = {**self._parameters, "after": rows.position or None}
        with self._server.stream(self._path, parameters, self._media) as response:
            rows.begin()
            for part in self._parts(response.iter_raw()):
                self._target.write(rows.whole(part))
            self._target.write(rows.rest())
            return int(response.headers[POSITION])

    def _parts(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """Without the byte order mark."""
        first = b""
        while self._is_csv and len(first) < len(BYTE_ORDER_MARK) and (part := next(parts, b"")):
            first += part
        yield first.removeprefix(BYTE_ORDER_MARK)
        yield from parts
