"""XES (IEEE 1849-2016), for process mining: a trace a request, an event a step that was taken.

`time:timestamp` is when it happened, `recordedAt` when the register learnt of it. What an event holds follows under its
names in the API, flat. Characters that XML 1.0 does not know are replaced by U+FFFD.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import quoteattr

from projections.api_terms import instant
from service.exchange.exports.columns import Kind, flat
from service.exchange.visible_log.request_cases import Case, cases
from service.exchange.visible_log.visible_events import Teller, Told

TAGS: Final = {
    Kind.STRING: "string",
    Kind.INTEGER: "int",
    Kind.FLOAT: "float",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "date",
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

Attribute = tuple[str, Kind, Any]


def write(teller: Teller, target: BinaryIO) -> None:
    """The requests of the scope."""
    target.write(HEADER.encode())
    about: list[Attribute] = [
        ("concept:name", Kind.STRING, "Mandate: deployment requests"),
        ("lifecycle:model", Kind.STRING, "standard"),
        ("asOf", Kind.TIME, instant(teller.scope.told_as_of)),
    ]
    target.write(f"{_written(about)}\n".encode())
    target.writelines(part.encode() for case in cases(teller) for part in _trace(case))
    target.write(b"</log>\n")


def _trace(case: Case) -> Iterator[str]:
    yield f"<trace>{_written(_of_trace(case))}\n"
    yield from (f"<event>{_written(_of_event(told))}</event>\n" for told in case.events)
    yield "</trace>\n"


def _of_trace(case: Case) -> Iterator[Attribute]:
    request = case.request
    yield "concept:name", Kind.STRING, request.reference
    yield "id", Kind.STRING, str(request.id)
    yield "status", Kind.STRING, request.status.value
    yield "revision", Kind.INTEGER, request.revision
    yield "requestingAuthority", Kind.STRING, request.requesting_authority
    yield "decidingAuthority", Kind.STRING, request.deciding_authority
    yield "force", Kind.STRING, request.force
    yield "strength", Kind.INTEGER, request.strength
    yield "region", Kind.STRING, request.region
    yield "marking", Kind.STRING, request.marking.value
    yield "incidents", Kind.STRING, " ".join(case.named(request.incidents))
    if case.left_out:
        yield "redactions", Kind.STRING, " ".join(case.left_out)


def _of_event(told: Told) -> Iterator[Attribute]:
    yield "concept:name", Kind.STRING, told.type
    yield "time:timestamp", Kind.TIME, instant(told.happened_at)
    yield "lifecycle:transition", Kind.STRING, "complete"
    yield "org:resource", Kind.STRING, told.actor.subject
    yield "org:group", Kind.STRING, told.actor.authority
    if told.actor.roles:
        yield "org:role", Kind.STRING, " ".join(told.actor.roles)
    yield "position", Kind.INTEGER, told.position
    yield "version", Kind.INTEGER, told.version
    yield "recordedAt", Kind.TIME, instant(told.recorded_at)
    yield "correlationId", Kind.STRING, str(told.correlation)
    if told.causation is not None:
        yield "causationId", Kind.INTEGER, told.causation
    if told.redactions:
        yield "redactions", Kind.STRING, " ".join(told.redactions)
    for column, value in flat(told.type, told.payload):
        yield column.name, column.kind, value


def _written(attributes: Iterable[Attribute]) -> str:
    return "".join(f'<{TAGS[kind]} key="{key}" value={_quoted(value)}/>' for key, kind, value in attributes)


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return '"true"' if value else '"false"'
    text = str(value)
    return f'"{text}"' if PLAIN.fullmatch(text) else quoteattr(UNWRITABLE.sub("\ufffd", text))
