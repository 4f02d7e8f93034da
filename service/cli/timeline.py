"""Events as people read them in a terminal; a line each, its fields apart by tabs, where it is no terminal."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from domain.vocabulary import spoken
from projections.changes import Change
from projections.entries import Entry, Shown
from projections.terms import instant

CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What would steer the terminal in place of being read."""
LONGEST: Final = 300
"""Characters of a value that are shown before and after a change."""
Names = Mapping[tuple[str, str], str]
"""Issuer and subject -> the person's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event to be shown. about: its subject's reference or code, where several are shown together."""

    entry: Entry
    shown: Shown
    about: str | None = None


class Timeline:
    """Shows events on a console, one after the other."""

    def __init__(self, console: Console, names: Names) -> None:
        self._console = console
        self._names = names

    def heading(self, title: str, *lines: str) -> None:
        """On a terminal alone: lines for a program have no heading."""
        if self._console.is_terminal:
            self._console.print(Text(clean(title), "bold underline"), *(Text(clean(line)) for line in lines), sep="\n")

    def show(self, moment: Moment) -> None:
        if self._console.is_terminal:
            self._show(moment)
        else:
            self._console.file.write("\t".join(self._fields(moment)) + "\n")

    def _show(self, moment: Moment) -> None:
        entry, shown = moment.entry, moment.shown
        about = f"{moment.about}  " if moment.about else ""
        self._console.print()
        self._console.print(
            Text.assemble(
                (spoken(entry.occurred_at or entry.recorded_at), "bold"),
                "  ",
                (entry.type, "cyan"),
                f"  {about}{clean(self._who(entry))}",
                (f"  version {entry.version}, position {entry.position}", "dim"),
            )
        )
        if entry.occurred_at is not None:
            self._indented(f"learnt of on {spoken(entry.recorded_at)}", "dim")
        if shown.reason is not None:
            self._indented(shown.reason, "italic")
        for change in shown.changes:
            if change.path != "id":
                self._indented(told(change), "")
        if shown.redactions:
            self._indented(f"left out: {', '.join(shown.redactions)}", "dim")

    def _indented(self, text: str, style: str) -> None:
        self._console.print(Padding(Text(clean(text), style), (0, 0, 0, 4)))

    def _who(self, entry: Entry) -> str:
        """'Ana H. (kfor)'; by their subject where the name is not known."""
        name = self._names.get(entry.actor.person, entry.actor.subject)
        return f"{name} ({entry.actor.authority})"

    def _fields(self, moment: Moment) -> Iterable[str]:
        entry, shown = moment.entry, moment.shown
        happened = instant(entry.occurred_at) if entry.occurred_at else ""
        about = [moment.about] if moment.about else []
        fields = (
            *(instant(entry.recorded_at), happened, str(entry.position), *about, str(entry.version), entry.type),
            *(entry.actor.subject, entry.actor.authority, shown.reason or ""),
            *("; ".join(told(change) for change in shown.changes), " ".join(shown.redactions)),
        )
        return (" ".join(clean(field).split()) for field in fields)


def told(change: Change) -> str:
    """'strength: 120 → 100'; what appears has no before."""
    if change.before is None:
        return f"{change.path}: {_value(change.after)}"
    return f"{change.path}: {_value(change.before)} → {_value(change.after)}"


def clean(text: str) -> str:
    """Without what would steer the terminal."""
    return CONTROLS.sub("\ufffd", text)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
