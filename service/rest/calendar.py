"""What waits for the bearer, as a calendar of due dates (iCalendar, RFC 5545).

Calendars are kept by programs that know no markings. What is marked AMBER or stricter is only named, by its reference
and a link; what is marked RED is left out, and the calendar says that something may be.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.visibility import SHOWN_OUTSIDE
from domain.vocabulary import Marking, in_words

MEDIA: Final = "text/calendar"
DOCUMENTS: Final = frozenset({"inbox"})
"""The documents whose answers can be had as a calendar."""
PATHS: Final[Mapping[str, str]] = {"DeploymentRequest": "requests", "Incident": "incidents"}
"""By type of subject."""
LINE: Final = 75
"""Bytes of a line (section 3.1)."""
UTC_ZONE: Final = (
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "TZNAME:UTC",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""In place of entries if nothing is due: a calendar has at least one component (section 3.6), and programs show no time
zones."""
ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def calendar(items: Iterable[Mapping[str, Any]], address: str) -> bytes:
    """items: nodes of an inbox. address: of the paths, for links."""
    events = [line for item in items for line in _event(item, address)]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Mandate//Due dates//EN",
        "X-WR-CALNAME:Mandate",
        "X-WR-CALDESC:What is due. Nothing that is marked RED is in it.",
        *(events or UTC_ZONE),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _event(item: Mapping[str, Any], address: str) -> Iterator[str]:
    """Nothing for what is due at any time, or RED."""
    subject, due = item["subject"], item["due"]
    if due is None or subject["marking"] == Marking.RED.value:
        return
    reference, is_open = subject["reference"], subject["marking"] in SHOWN_OUTSIDE
    yield "BEGIN:VEVENT"
    yield f"UID:{item['id']}@mandate"
    yield f"DTSTAMP:{_utc(item['since'])}"
    yield f"DTSTART:{_utc(due)}"
    yield f"SUMMARY:{_text(f'{reference}: {_words(item)}' if is_open else reference)}"
    if is_open:
        yield f"DESCRIPTION:{_text(item['why'])}"
    yield f"URL:{address}/{PATHS[subject['__typename']]}/{reference}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _words(item: Mapping[str, Any]) -> str:
    """'report fulfilment' for REPORT_FULFILMENT."""
    return in_words(str(item["action"])).lower()


def _utc(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    return value.translate(ESCAPES)


def _folded(line: str) -> bytes:
    """A line in lines of at most LINE bytes, no character cut."""
    parts, size = [bytearray()], LINE
    for character in line:
        encoded = character.encode()
        if len(parts[-1]) + len(encoded) > size:
            parts.append(bytearray())
            size = LINE - 1
        parts[-1] += encoded
    return b"\r\n ".join(parts) + b"\r\n"
