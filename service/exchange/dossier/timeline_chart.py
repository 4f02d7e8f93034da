"""The timeline as a self-contained SVG picture, for screen and paper.

One unit is a quarter of a millimetre on A4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from math import ceil
from typing import Final, Self

from domain.catalogue import INCIDENT
from service.exchange.dossier.axis_ticks import ticks
from service.exchange.dossier.material import DossierEvent, IncidentFile, Material
from service.exchange.dossier.phrases import status

WIDTH: Final = 680
LEFT, RIGHT = 4, 676
ROW: Final = 19
"""Height of a row of numbers."""
GAP: Final = 18
"""Minimum distance between numbers in a row."""
BAND: Final = 22
LETTER: Final = 5.4
"""Average width of a character of the small type."""
MOST_INCIDENTS: Final = 8
OF_INCIDENTS: Final = frozenset(event.__name__ for event in INCIDENT.events)
FILLS: Final[Mapping[str, str]] = {
    "SUBMITTED": "#e4e7eb",
    "UNDER_REVIEW": "#c3cfde",
    "WITHHELD_PENDING_ATTRIBUTION": "#ecd9ae",
    "APPROVED": "#bcd6bf",
    "DENIED": "#e2bdb8",
    "WITHDRAWN": "#d9d9d9",
    "REVOKED": "#e2bdb8",
    "EXPIRED": "#ddd8cb",
}
SHORT: Final[Mapping[str, str]] = {"WITHHELD_PENDING_ATTRIBUTION": "Withheld"}
INK: Final = "#1c1c1c"
FAINT: Final = "#8a8a8a"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps an instant to its x coordinate."""

    start: datetime
    span: timedelta

    def __call__(self, at: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * (at - self.start) / self.span


def picture(material: Material, moments: Sequence[DossierEvent]) -> str:
    """Draws the timeline. moments: all events in order of occurrence; each is shown by its number."""
    start, last = moments[0].happened_at, moments[-1].happened_at
    scale = _Scale(start, max((last - start) * 1.09, timedelta(seconds=1)))
    numbers = {moment.step.entry.position: number for number, moment in enumerate(moments, start=1)}
    rows = max(1, ceil(len(moments) * GAP / (RIGHT - LEFT)))
    top = 6 + rows * ROW + 14
    axis = top + BAND + 4
    spans = _spans(material.moments, scale)
    drawn = [*_numbers(moments, numbers, scale, rows, top), *_band(spans, top)]
    drawn += _axis(scale, axis, scale.start + scale.span)
    bottom = axis + 24
    if any(not span.label for span in spans):
        drawn += _legend(spans, bottom + 4)
        bottom += 24
    for file in material.incidents[:MOST_INCIDENTS]:
        lane = _Lane.of(file, scale)
        drawn += _incident(file, lane, numbers, bottom)
        bottom += lane.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 4}" '
        f'font-family="Libertinus Serif, Palatino, Georgia, serif" font-size="11">{"".join(drawn)}</svg>'
    )


def _numbers(
    moments: Sequence[DossierEvent], numbers: Mapping[int, int], scale: _Scale, rows: int, top: float
) -> Iterator[str]:
    """Event numbers above the band, without overlap, each with a line to its instant."""
    for row in range(rows):
        chosen = moments[row::rows]
        places = _apart([scale(moment.happened_at) for moment in chosen])
        y = 6 + ROW / 2 + row * ROW
        for moment, x in zip(chosen, places, strict=True):
            at = scale(moment.happened_at)
            own = moment.step.entry.type not in OF_INCIDENTS
            yield f'<path d="M{x:.1f} {y + 8:.1f}L{at:.1f} {top - 2:.1f}" stroke="{FAINT}" stroke-width=".5"/>'
            yield _circle(x, y, numbers[moment.step.entry.position], filled=own)


def _apart(places: list[float]) -> list[float]:
    """Moves the coordinates apart by at least GAP, as little as possible."""
    spread = list(places)
    for index in range(1, len(spread)):
        spread[index] = max(spread[index], spread[index - 1] + GAP)
    limit = RIGHT - 9.0
    for index in reversed(range(len(spread))):
        spread[index] = min(spread[index], limit)
        limit = spread[index] - GAP
    return [max(place, LEFT + 9.0 + GAP * index) for index, place in enumerate(spread)]


def _circle(x: float, y: float, number: int, filled: bool) -> str:
    fill, ink = ("#ffffff", INK) if not filled else (INK, "#ffffff")
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="{fill}" stroke="{INK}" stroke-width=".8"/>'
        f'<text x="{x:.1f}" y="{y + 3.6:.1f}" text-anchor="middle" fill="{ink}" font-size="10">{number}</text>'
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """The time that the request spent in a status. label: the longest name that fits, or empty."""

    status: str
    left: float
    right: float

    @property
    def label(self) -> str:
        room = (self.right - self.left - 10) / LETTER
        named = (status(self.status), SHORT.get(self.status, status(self.status)))
        return next((each for each in named if len(each) < room), "")


def _spans(moments: Sequence[DossierEvent], scale: _Scale) -> Sequence[_Span]:
    """The statuses over time; the last one extends to the end."""
    changes: list[tuple[datetime, str]] = []
    for moment in moments:
        now = str(moment.step.state.status)
        if not changes or changes[-1][1] != now:
            changes.append((moment.happened_at, now))
    ends = [*(at for at, _ in changes[1:]), scale.start + scale.span]
    return [_Span(now, scale(at), scale(end)) for (at, now), end in zip(changes, ends, strict=True)]


def _band(spans: Sequence[_Span], top: float) -> Iterator[str]:
    for span in spans:
        yield _box(span.left, top, max(span.right - span.left, 0.5), BAND, FILLS[span.status])
        if span.label:
            yield _text(span.left + 5, top + 14.5, span.label)
    yield f'<path d="M{spans[-1].right - 7:.1f} {top + 5}l6 6l-6 6" stroke="{INK}" stroke-width="1" fill="none"/>'


def _legend(spans: Sequence[_Span], y: float) -> Iterator[str]:
    x: float = LEFT
    for each in dict.fromkeys(span.status for span in spans):
        yield _box(x, y, 12, 10, FILLS[each])
        yield _text(x + 16, y + 9, status(each))
        x += 16 + len(status(each)) * LETTER + 18


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" '
        'stroke="#ffffff" stroke-width="1"/>'
    )


def _axis(scale: _Scale, y: float, end: datetime) -> Iterator[str]:
    yield f'<path d="M{LEFT} {y}H{RIGHT}" stroke="{INK}" stroke-width=".6"/>'
    free = float("-inf")
    for at, label in ticks(scale.start, end):
        x, half = scale(at), len(label) * LETTER / 2
        yield f'<path d="M{x:.1f} {y}v4" stroke="{INK}" stroke-width=".6"/>'
        centre = min(max(x, LEFT + half), RIGHT - half)
        if centre - half > free:
            yield _text(centre, y + 15, label, anchor="middle")
            free = centre + half + 8


@dataclass(frozen=True, slots=True)
class _Lane:
    """Layout of an incident's lane: its numbers, and its name next to them, or above if there is no room."""

    begins: float
    places: Sequence[float]
    name: float
    is_beside: bool

    @classmethod
    def of(cls, file: IncidentFile, scale: _Scale) -> Self:
        instants = [scale(moment.happened_at) for moment in file.moments]
        places = _apart(instants)
        width = len(file.incident.reference) * LETTER
        for left in (places[-1] + 13, places[0] - 13 - width):
            if LEFT <= left <= RIGHT - width:
                return cls(instants[0], places, left, is_beside=True)
        return cls(instants[0], places, LEFT, is_beside=False)

    @property
    def height(self) -> int:
        return 28 if self.is_beside else 42


def _incident(file: IncidentFile, lane: _Lane, numbers: Mapping[int, int], y: float) -> Iterator[str]:
    """Draws a lane: the events of an incident, by number."""
    middle = y + lane.height - 14
    yield f'<path d="M{lane.begins:.1f} {middle}H{RIGHT}" stroke="{FAINT}" stroke-width=".6"/>'
    for moment, x in zip(file.moments, lane.places, strict=True):
        yield _circle(x, middle, numbers[moment.step.entry.position], filled=False)
    name = file.incident.reference
    if lane.is_beside:
        width = len(name) * LETTER + 4
        yield f'<rect x="{lane.name - 2:.1f}" y="{middle - 6}" width="{width:.1f}" height="12" fill="#ffffff"/>'
    yield _text(lane.name, middle + 3.8 if lane.is_beside else middle - 12, name)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
