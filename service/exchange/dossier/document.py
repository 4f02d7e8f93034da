"""Model of a printed document, independent of the output format. All text is plain text, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

STRING, BREAK = 64, 16
"""Bytes of text that take as much work as one more string, and as a line break in it."""


class Style(StrEnum):
    """Style of a line. TERM: a term to look up. SAID: text written by a person. EXACT: monospaced, such as a hash."""

    PLAIN = "plain"
    TERM = "term"
    SAID = "said"
    QUIET = "quiet"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class TextLine:
    text: str
    style: Style = Style.PLAIN


Cell = tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    line: TextLine


@dataclass(frozen=True, slots=True)
class Facts:
    """A list of (name, value)."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table. weights: relative column widths. The titles are repeated on each page."""

    titles: tuple[str, ...]
    weights: tuple[float, ...]
    rows: tuple[tuple[Cell, ...], ...]


class CheckResult(StrEnum):
    """Result of a rule. OPEN: not met, but not binding. UNDISCLOSED: the reader may not know the result."""

    MET = "met"
    NOT_MET = "not met"
    OPEN = "open"
    UNDISCLOSED = "not disclosed"

    @property
    def is_in_the_way(self) -> bool:
        """Whether the rule is not met, so that it is highlighted."""
        return self in (CheckResult.NOT_MET, CheckResult.OPEN)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule and its result."""

    result: CheckResult
    text: str


@dataclass(frozen=True, slots=True)
class CheckList:
    """The results of several rules."""

    title: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. svg: self-contained."""

    svg: str
    text_alternative: str


Block = Paragraph | Facts | Table | CheckList | Picture


@dataclass(frozen=True, slots=True)
class Subsection:
    """A part of a section, kept on one page if possible."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block | Subsection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierDocument:
    """A document.

    kind: line above the title. marking: who may see it. standing: the current standing, in a sentence.
    printed: when, for whom and as of when it was printed, for the footer.
    """

    kind: str
    title: str
    subtitle: str
    marking: str
    standing: str
    facts: Facts
    sections: tuple[Section, ...]
    printed: str


def cell(*lines: str | TextLine | None) -> Cell:
    """A cell of lines; empty ones are omitted."""
    return tuple(TextLine(line) if isinstance(line, str) else line for line in lines if line)


def quoted(text: str | None) -> TextLine:
    """Text written by a person; None if it was erased."""
    return TextLine("(erased)", Style.QUIET) if text is None else TextLine(text, Style.SAID)


def quiet(text: str) -> TextLine:
    return TextLine(text, Style.QUIET)


def term(text: str) -> TextLine:
    return TextLine(text, Style.TERM)


def table(titles: Sequence[str], weights: Sequence[float], rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(tuple(titles), tuple(weights), tuple(rows))


def text_size(part: Any) -> int:
    """The work that a document or a part of it is, in bytes of text: those that it has, and some for each string and
    each line break."""
    match part:
        case str():
            return len(part.encode()) + part.count("\n") * BREAK + STRING
        case tuple():
            return sum(map(text_size, part))
        case int() | float():
            return 0
        case _:
            return sum(text_size(getattr(part, field.name)) for field in fields(part))
