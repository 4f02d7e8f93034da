"""Exports over HTTP: streamed, and resumable after a position."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from starlette.types import ASGIApp

from service.exchange.exports import csv_export, ocel_sqlite
from service.exchange.exports.chosen_export import BYTE_ORDER_MARK
from service.exchange.exports.formats import FORMATS, WriteFormat
from service.exchange.visible_log.visible_events import VisibleLog
from service.graphql.schema.scalars import read_position
from service.rest.entity_tags import tag_of
from service.rest.files import (
    AS_OF,
    EVENT_COST,
    FileParameter,
    FileReader,
    as_of,
    hold_place,
    parameters_given,
)
from service.rest.media import EXPORTS, SQLITE
from service.rest.parameters import query_of
from service.rest.problems import wrong_parameter
from service.rest.resource import Call, without_content
from service.rest.streamed_file import StreamedFile

AFTER: Final = "after"
EVENTS: Final = "events"
_BOOLEANS: Final = {"true": True, "false": False}


PARAMETERS: Final = (
    AS_OF,
    FileParameter(name="request", description="Only the request of this reference.", schema={"type": "string"}),
    FileParameter(
        name=AFTER,
        description="Only the events after this position, as after an interrupted answer. For lists of events: jsonl, "
        "cloudevents, and csv with events=true.",
        schema={"type": "string", "pattern": "^[0-9]{1,19}$"},
    ),
)
CSV_PARAMETERS: Final = (
    *PARAMETERS,
    FileParameter(name=EVENTS, description="One row per event instead of per request.", schema={"type": "boolean"}),
)


class ExportResource:
    """One format. Its content is what the bearer may see, up to the position in the response's header."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self._format = EXPORTS[name]
        self._known = CSV_PARAMETERS if name == "csv" else PARAMETERS
        lists_events = self._format.is_log or name == "csv"
        self.parameters: Final = tuple(each for each in self._known if lists_events or each.name != AFTER)

    @property
    def media(self) -> tuple[str, ...]:
        return tuple(self._format.media)

    async def respond(self, call: Call, media: str) -> ASGIApp:
        given = parameters_given(query_of(call.query_string), self._known)
        instant, has_events = as_of(given), _is_true(given.get(EVENTS, "false"))
        after = self._after(given.get(AFTER), has_events)
        await hold_place(call)
        reader = FileReader(call)
        access = await reader.open("export", instant, given.get("request"))
        scope = replace(access.scope, after=after)
        tag = tag_of(scope.end, call.context.actor, self.name, media, scope.present, scope.present_at)
        if unchanged := call.not_modified(tag):
            return unchanged
        file = self._file_name(given.get("request", "register"), self._format.media[media], has_events)
        headers = {**tag.headers, "Content-Disposition": f'attachment; filename="{file}"'}
        if call.is_head:
            return without_content(headers, media)
        reader.charge(max(scope.end - after, 0) * EVENT_COST)
        write = _writer(self.name, media, has_events)

        def fill(file: BinaryIO, check: Callable[[], None]) -> None:
            file.write(BYTE_ORDER_MARK if self.name == "csv" else b"")
            write(VisibleLog(call.files.store, scope, access.visibility, lambda position: check()), file)

        identity, live = call.context.identity, call.context.services.subscriptions
        return StreamedFile(
            fill,
            {**headers, "Content-Type": media},
            call.files.threads,
            lambda: live.check(identity),
            live.limits.send_timeout,
        )

    def _file_name(self, subject: str, ending: str, has_events: bool) -> str:
        """'register.csv', 'register-events.csv', 'pristina-2024-0001-cloudevents.jsonl'."""
        form = "events" if has_events else self.name
        return f"{subject}.{ending}" if form == ending else f"{subject}-{form}.{ending}"

    def _after(self, text: str | None, has_events: bool) -> int:
        if text is None:
            return 0
        if not self._format.is_log and not has_events:
            raise wrong_parameter(AFTER, "only for lists of events: jsonl, cloudevents, and csv with events=true.")
        try:
            return read_position(text)
        except ValueError as error:
            raise wrong_parameter(AFTER, str(error)) from None


def _is_true(text: str) -> bool:
    if text not in _BOOLEANS:
        raise wrong_parameter(EVENTS, "true or false.")
    return _BOOLEANS[text]


def _writer(name: str, media: str, has_events: bool) -> WriteFormat:
    if media == SQLITE:
        return partial(ocel_sqlite.write, path=Path(tempfile.gettempdir()) / "export.sqlite")
    return csv_export.write_events if has_events else FORMATS[name]
