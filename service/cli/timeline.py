"""Events for a terminal; otherwise one line per event, tab-separated or JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from domain.vocabulary import Actor, format_time, iso_time
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.rows.value_changes import Change
from service.cli.terminal_text import References, change_for_people, change_for_programs, clean

COLUMNS: Final = (
    "recordedAt", "occurredAt", "position", "subject", "version", "type", "actor", "name", "authority", "reason",
    "changes", "redactions",
)  # fmt: skip
Names = Mapping[tuple[str, str], str]
"""(issuer, subject) -> name of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One event to show. about: reference or code of its subject, if the timeline has several subjects."""

    entry: AuditEntry
    shown: VisibleEntry
    about: str | None = None
    references: References = field(default_factory=dict)
    names: Names = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """The events of one subject. heading: asked for on a terminal only."""

    heading: Callable[[], tuple[str, ...]]
    entries: Iterable[TimelineEntry]


class Timeline:
    """Prints events to a console. as_json: as JSON Lines (one object per line), in the names of the API."""

    def __init__(self, console: Console, *, as_json: bool = False) -> None:
        self._console = console
        self._as_json = as_json

    def heading(self, heading: Callable[[], tuple[str, ...]]) -> None:
        """Prints a heading, on a terminal only."""
        if self._console.is_terminal and not self._as_json:
            title, *lines = heading()
            self._console.print(Text(clean(title), "bold underline"), *(Text(clean(line)) for line in lines), sep="\n")

    def columns(self, *, about: bool) -> None:
        """Prints the names of the columns, in a pipe only. about: whether the timeline has several subjects."""
        if not self._console.is_terminal and not self._as_json:
            names = COLUMNS if about else [name for name in COLUMNS if name != "subject"]
            self._console.file.write("\t".join(names) + "\n")

    def show(self, moment: TimelineEntry) -> None:
        if self._as_json:
            self._console.file.write(msgspec.json.encode(self._described(moment)).decode() + "\n")
        elif self._console.is_terminal:
            self._console.print()
            self._console.print(self._headline(moment))
            for text, style in _details(moment):
                self._console.print(Padding(Text(clean(text), style), (0, 0, 0, 4)))
        else:
            self._console.file.write("\t".join(" ".join(clean(each).split()) for each in _fields(moment)) + "\n")

    def _headline(self, moment: TimelineEntry) -> Text:
        entry = moment.entry
        return Text.assemble(
            (format_time(entry.occurred_at or entry.recorded_at), "bold"),
            "  ",
            (clean(entry.type), "cyan"),
            clean(f"  {moment.about}") if moment.about else "",
            clean(f"  {who(entry.actor, moment.names)}"),
            (f"  version {entry.version}, position {entry.position}", "dim"),
        )

    def _described(self, moment: TimelineEntry) -> dict[str, Any]:
        entry, shown = moment.entry, moment.shown
        return {
            "position": entry.position,
            "subject": {"id": entry.subject, "kind": entry.kind, "reference": moment.about},
            "version": entry.version,
            "type": entry.type,
            "recordedAt": iso_time(entry.recorded_at),
            "occurredAt": iso_time(entry.occurred_at) if entry.occurred_at else None,
            "actor": {
                "subject": entry.actor.subject,
                "issuer": entry.actor.issuer,
                "authority": entry.actor.authority,
                "name": moment.names.get(entry.actor.person),
                **_principal(moment),
            },
            "reason": shown.reason,
            "payload": shown.payload,
            "changes": [
                {"path": change.path, "before": change.before, "after": change.after} for change in shown.changes
            ],
            "redactions": shown.redactions,
        }


def _principal(moment: TimelineEntry) -> dict[str, Any]:
    if (principal := moment.entry.actor.on_behalf_of) is None:
        return {}
    return {"onBehalfOf": {"subject": principal[1], "issuer": principal[0], "name": moment.names.get(principal)}}


def who(actor: Actor, names: Names) -> str:
    """'Ana [a.h] for Ben [b.k] (kfor)', if Ana acts on behalf of Ben; the subject alone of whoever has no name."""
    spoken = " for ".join(f"{names[each]} [{each[1]}]" if each in names else each[1] for each in actor.persons)
    return f"{spoken} ({actor.authority})"


def _details(moment: TimelineEntry) -> Iterator[tuple[str, str]]:
    """The (text, style) lines below the headline."""
    entry, shown = moment.entry, moment.shown
    if entry.occurred_at is not None:
        yield f"recorded on {format_time(entry.recorded_at)}", "dim"
    if shown.reason is not None:
        yield shown.reason, "italic"
    for change in _told(shown):
        yield from ((line, "") for line in change_for_people(change, moment.references, shown.reason))
    if shown.redactions:
        yield f"left out: {', '.join(shown.redactions)}", "dim"


def _told(shown: VisibleEntry) -> tuple[Change, ...]:
    """What it changed; of an event that changes no field, such as the appointment of a deputy, what it says."""
    said = ((path, value) for path, value in shown.payload.items() if path != "reason" and value is not None)
    return shown.changes or tuple(Change(path, None, value) for path, value in said)


def _subjects(actor: Actor) -> str:
    return " for ".join(person[1] for person in actor.persons)


def _fields(moment: TimelineEntry) -> Iterable[str]:
    """The values of COLUMNS, without the subject if the timeline has one."""
    entry, shown = moment.entry, moment.shown
    yield iso_time(entry.recorded_at)
    yield iso_time(entry.occurred_at) if entry.occurred_at else ""
    yield str(entry.position)
    if moment.about is not None:
        yield moment.about
    actor = entry.actor
    named = " for ".join(moment.names.get(person, person[1]) for person in actor.persons)
    yield from (str(entry.version), entry.type, _subjects(actor), named, actor.authority, shown.reason or "")
    yield "; ".join(map(change_for_programs, _told(shown)))
    yield " ".join(shown.redactions)
