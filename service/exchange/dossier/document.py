"""What a printed document is made of, whatever it is printed with. All text is text: nothing in it is markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a line is set. TERM: what is compared or looked up. SAID: what somebody wrote. EXACT: letter for letter."""

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
    """What each thing is called, and what it is."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """weights: how wide the columns are, one beside the other. The titles stand again on each page."""

    titles: tuple[str, ...]
    weights: tuple[float, ...]
    rows: tuple[tuple[Cell, ...], ...]


class CheckResult(StrEnum):
    """What became of a rule. OPEN: not met, where one could go ahead without. UNTOLD: the reader may not know."""

    MET = "met"
    NOT_MET = "not met"
    OPEN = "open"
    UNTOLD = "not told"

    @property
    def is_in_the_way(self) -> bool:
        """Whether a reader looks for it first."""
        return self in (CheckResult.NOT_MET, CheckResult.OPEN)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule as it stood."""

    result: CheckResult
    text: str


@dataclass(frozen=True, slots=True)
class CheckList:
    """What the rules said."""

    title: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """svg: needs nothing from outside. told: the same in words, for who cannot see it."""

    svg: str
    told: str


Block = Paragraph | Facts | Table | CheckList | Picture


@dataclass(frozen=True, slots=True)
class Subsection:
    """A part of a section, kept together on a page where it can be."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block | Subsection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """kind: what it is, above its title. marking: who may see it. standing: where the matter stands, in a sentence.

    printed: when, by whom and as of when, in a line for the foot of each page.
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
    """Without what is left out."""
    return tuple(TextLine(line) if isinstance(line, str) else line for line in lines if line)


def said(text: str | None) -> TextLine:
    """What somebody wrote; None where it was erased."""
    return TextLine("(erased)", Style.QUIET) if text is None else TextLine(text, Style.SAID)


def quiet(text: str) -> TextLine:
    return TextLine(text, Style.QUIET)


def term(text: str) -> TextLine:
    return TextLine(text, Style.TERM)


def table(titles: Sequence[str], weights: Sequence[float], rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(tuple(titles), tuple(weights), tuple(rows))
