"""Event logs: every event of a case is a row, with the attributes of its case."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from service.errors import Misconfigured
from service.exchange.importing.column_map import ColumnMap, check_values
from service.exchange.importing.raw_line import LONGEST_LINE, RawLine, quoted
from service.exchange.importing.row_rules import Row, lines_of

OF_CASE: Final = "case:"
"""Prefix of the columns with the attributes of a case."""
BEGIN: Final = f"{OF_CASE}begin"
END: Final = f"{OF_CASE}end"
NUMBER: Final = "event:number"
OCCURRENCE: Final = "event:occurrence"
MOST_EVENTS: Final = 100_000
"""Of one case."""
MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""Of one case."""
MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class LogEvent:
    """number: of the event in the file, from 1. at: its time, as the file has it. problem: why it cannot be read."""

    number: int
    activity: str
    at: str
    values: Row
    problem: str = ""


def lines(cases: Iterable[tuple[Row, Sequence[LogEvent]]], mapped: ColumnMap) -> Iterator[RawLine]:
    """The lines of the cases, given as their attributes and their events in order.

    Raises Misconfigured if values are given for a field without a column; at the end if there are no events, if none
    can be read, or if none has a column of the mapping.
    """
    columns = [rule.columns for rule in mapped.rules]
    check_values(mapped, columns)
    missing = {name for rule in mapped.rules for name in (*rule.columns.values(), *rule.when)}
    named: dict[str, None] = {}
    first: RawLine | None = None
    for of_case, events in cases:
        for event, row in _rows(of_case, events):
            if event.problem or sum(map(len, row.values())) > LONGEST_LINE:
                problem = event.problem or f"An event has at most {LONGEST_LINE:,} characters."
                line = RawLine(event.number, b"", None, problem)
                first = first or line
                yield line
                continue
            missing.difference_update(row)
            if len(named) <= MOST_NAMED:
                named.update(dict.fromkeys(row))
            yield from lines_of(event.number, row, mapped, columns)
    if not named:
        unread = f"no event can be read: event {first.number}: {first.problem}" if first else ""
        raise Misconfigured(unread or "the file has no events")
    if missing:
        known = ", ".join(map(quoted, [*named][:MOST_NAMED]))
        raise Misconfigured(f"no event of the file has the column {quoted(min(missing))}: it has {known}")


def _rows(of_case: Row, events: Sequence[LogEvent]) -> Iterator[tuple[LogEvent, Row]]:
    occurrences: Counter[str] = Counter()
    times = sorted((each.at for each in events if each.at), key=instant_of)
    shared = {f"{OF_CASE}{name}": value for name, value in of_case.items()}
    shared |= {BEGIN: times[0], END: times[-1]} if times else {}
    for number, event in enumerate(events, 1):
        occurrences[event.activity] += 1
        own = {NUMBER: str(number), OCCURRENCE: str(occurrences[event.activity])}
        yield event, {**shared, **event.values, **own}


def instant_of(text: str) -> datetime:
    """To order events by. A time without an offset counts as UTC; what is no time comes last."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def check_size(case: str, events: int, characters: int = 0) -> None:
    """Raises Misconfigured if a case is too large to be held in memory."""
    if events > MOST_EVENTS:
        raise Misconfigured(f"the case {case} has more than {MOST_EVENTS:,} events")
    if characters > MOST_CHARACTERS:
        raise Misconfigured(f"the case {case} has more than {MOST_CHARACTERS:,} characters")
