"""XES (IEEE 1849-2016), for process mining: a trace a request, an event a step that was taken.

`time:timestamp` is when it happened, `recordedAt` when the register learnt of it. What an event holds follows under its
names in the API, flat. Characters that XML 1.0 does not know are replaced by U+FFFD.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import quoteattr

from projections.api_terms import instant
from service.exchange.exports.columns import ColumnType, flat
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
"""What stands in XML as it is, as most values do."""
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


def write(teller: VisibleLog, target: BinaryIO) -> None:
    """The requests of the scope."""
    target.write(HEADER.encode())
    about: list[XesAttribute] = [
        ("concept:name", ColumnType.STRING, "Mandate: deployment requests"),
        ("lifecycle:model", ColumnType.STRING, "standard"),
        ("asOf", ColumnType.TIME, instant(teller.scope.told_as_of)),
    ]
    target.write(f"{_written(about)}\n".encode())
    target.writelines(part.encode() for case in cases(teller) for part in _trace(case))
    target.write(b"</log>\n")


def _trace(case: RequestCase) -> Iterator[str]:
    yield f"<trace>{_written(_of_trace(case))}\n"
    yield from (f"<event>{_written(_of_event(told))}</event>\n" for told in case.events)
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


def _of_event(told: VisibleEvent) -> Iterator[XesAttribute]:
    yield "concept:name", ColumnType.STRING, told.type
    yield "time:timestamp", ColumnType.TIME, instant(told.happened_at)
    yield "lifecycle:transition", ColumnType.STRING, "complete"
    yield "org:resource", ColumnType.STRING, told.actor.subject
    yield "org:group", ColumnType.STRING, told.actor.authority
    if told.actor.roles:
        yield "org:role", ColumnType.STRING, " ".join(told.actor.roles)
    yield "position", ColumnType.INTEGER, told.position
    yield "version", ColumnType.INTEGER, told.version
    yield "recordedAt", ColumnType.TIME, instant(told.recorded_at)
    yield "correlationId", ColumnType.STRING, str(told.correlation)
    if told.causation is not None:
        yield "causationId", ColumnType.INTEGER, told.causation
    if told.redactions:
        yield "redactions", ColumnType.STRING, " ".join(told.redactions)
    for column, value in flat(told.type, told.payload):
        yield column.name, column.kind, value


def _written(attributes: Iterable[XesAttribute]) -> str:
    return "".join(f'<{TAGS[kind]} key="{key}" value={_quoted(value)}/>' for key, kind, value in attributes)


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return '"true"' if value else '"false"'
    text = str(value)
    return f'"{text}"' if PLAIN.fullmatch(text) else quoteattr(UNWRITABLE.sub("\ufffd", text))
