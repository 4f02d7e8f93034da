"""XES (IEEE 1849-2016) for process mining: one trace per request, one event per recorded event.

`time:timestamp` is the time of occurrence, `recordedAt` the time of recording. The event's data follow as flat
attributes with their API names. Characters that XML 1.0 does not allow are replaced by U+FFFD.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import quoteattr

from domain.vocabulary import iso_time
from service.exchange.exports.columns import ColumnType, actor_id, flat, principal_id
from service.exchange.visible_log.request_cases import RequestCase, cases
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

TAGS: Final = {
    ColumnType.STRING: "string",
    ColumnType.INTEGER: "int",
    ColumnType.FLOAT: "float",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIME: "date",
}
PLAIN: Final = re.compile(r"[ !#-%'-;=?-~]*")
"""Values that need no escaping in XML: a fast path."""
UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

HEADER: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace">
<string key="concept:name" value="UNKNOWN"/>
</global>
<global scope="event">
<string key="concept:name" value="UNKNOWN"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000000Z"/>
<string key="lifecycle:transition" value="complete"/>
<string key="org:resource" value="UNKNOWN"/>
<string key="org:group" value="UNKNOWN"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="ActivityAndAuthority" keys="concept:name org:group"/>
<classifier name="Resource" keys="org:resource"/>
"""

XesAttribute = tuple[str, ColumnType, Any]


def write(log: VisibleLog, target: BinaryIO) -> None:
    """Writes the requests of the scope."""
    target.write(HEADER.encode())
    about: list[XesAttribute] = [
        ("concept:name", ColumnType.STRING, "Mandate: deployment requests"),
        ("lifecycle:model", ColumnType.STRING, "standard"),
        ("asOf", ColumnType.TIME, iso_time(log.scope.effective_time)),
    ]
    target.write(f"{_written(about)}\n".encode())
    target.writelines(part.encode() for case in cases(log) for part in _trace(case))
    target.write(b"</log>\n")


def _trace(case: RequestCase) -> Iterator[str]:
    yield f"<trace>{_written(_of_trace(case))}\n"
    yield from (f"<event>{_written(_of_event(event))}</event>\n" for event in case.events)
    yield "</trace>\n"


def _of_trace(case: RequestCase) -> Iterator[XesAttribute]:
    request = case.request
    yield "concept:name", ColumnType.STRING, request.reference
    yield "id", ColumnType.STRING, str(request.id)
    yield "status", ColumnType.STRING, request.status.value
    yield "revision", ColumnType.INTEGER, request.revision
    yield "requestingAuthority", ColumnType.STRING, request.requesting_authority
    yield "decidingAuthority", ColumnType.STRING, request.deciding_authority
    yield "force", ColumnType.STRING, request.force
    yield "strength", ColumnType.INTEGER, request.strength
    yield "region", ColumnType.STRING, request.region
    yield "marking", ColumnType.STRING, request.marking.value
    yield "incidents", ColumnType.STRING, " ".join(case.named(request.incidents))
    if case.left_out:
        yield "redactions", ColumnType.STRING, " ".join(case.left_out)


def _of_event(event: VisibleEvent) -> Iterator[XesAttribute]:
    yield "concept:name", ColumnType.STRING, event.type
    yield "time:timestamp", ColumnType.TIME, iso_time(event.happened_at)
    yield "lifecycle:transition", ColumnType.STRING, "complete"
    yield "org:resource", ColumnType.STRING, actor_id(event.actor)
    yield "org:group", ColumnType.STRING, event.actor.authority
    if event.actor.roles:
        yield "org:role", ColumnType.STRING, " ".join(event.actor.roles)
    if (principal := principal_id(event.actor)) is not None:
        yield "onBehalfOf", ColumnType.STRING, principal
    yield "position", ColumnType.INTEGER, event.position
    yield "version", ColumnType.INTEGER, event.version
    yield "recordedAt", ColumnType.TIME, iso_time(event.recorded_at)
    yield "correlationId", ColumnType.STRING, str(event.correlation)
    if event.causation is not None:
        yield "causationId", ColumnType.INTEGER, event.causation
    if event.redactions:
        yield "redactions", ColumnType.STRING, " ".join(event.redactions)
    for column, value in flat(event.type, event.payload):
        yield column.name, column.kind, value


def _written(attributes: Iterable[XesAttribute]) -> str:
    return "".join(f'<{TAGS[kind]} key="{key}" value={_quoted(value)}/>' for key, kind, value in attributes)


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return '"true"' if value else '"false"'
    text = str(value)
    return f'"{text}"' if PLAIN.fullmatch(text) else quoteattr(UNWRITABLE.sub("\ufffd", text))
