"""Section on the course of events: a picture, and a table of who did what, when and why."""

from collections.abc import Sequence
from typing import Final

from service.exchange.dossier.document import Cell, Paragraph, Picture, Section, cell, quiet, quoted, table, term
from service.exchange.dossier.event_phrases import what
from service.exchange.dossier.material import DossierEvent, Material
from service.exchange.dossier.phrases import happened
from service.exchange.dossier.timeline_chart import picture

WRITTEN: Final = (
    "reason",
    "purpose",
    "description",
    "summary",
    "basis",
    "changedBecause",
    "report",
    "statement",
    "answer",
)
"""Fields of events that hold free text."""
LEGEND: Final = (
    "The band shows the status of the request. Numbers refer to the events below: "
    "dark ones are of the request, light ones of its incidents."
)


def course(material: Material) -> Section:
    moments = in_order(material)
    titles = ("", "When", "What", "Who", "In their words")
    rows = tuple(_row(number, moment, material) for number, moment in enumerate(moments, start=1))
    drawn = Picture(picture(material, moments), _text_alternative(moments))
    return Section(
        "The course of events", (drawn, Paragraph(quiet(LEGEND)), table(titles, (0.22, 0.95, 1.45, 1.0, 1.35), rows))
    )


def in_order(material: Material) -> Sequence[DossierEvent]:
    """Events of the request and of its incidents, in order of occurrence."""
    every = [*material.moments, *(moment for each in material.incidents for moment in each.moments)]
    return sorted(every, key=lambda moment: (moment.happened_at, moment.step.entry.position))


def who(moment: DossierEvent, material: Material) -> Cell:
    actor = moment.step.entry.actor
    if actor.is_system:
        return cell(material.person(actor))
    subjects = material.subjects(actor)
    acting = f"{actor.authority}, {material.roles(actor)}"
    return cell(material.person(actor), quiet(f"{subjects}; {acting}" if subjects else acting))


def words(moment: DossierEvent) -> Cell:
    """The actor's own text: the reason, or the text of the event."""
    shown, erased = moment.step.shown, moment.step.entry.erased
    lines = []
    for name in WRITTEN:
        if shown.payload.get(name) is not None or name in erased:
            lines += [quiet("What changed:")] if name == "changedBecause" else []
            lines.append(quoted(shown.payload.get(name)))
    if "reason" in shown.redactions and "reason" not in erased:
        lines.append(quiet("(not shown)"))
    return tuple(lines)


def _row(number: int, moment: DossierEvent, material: Material) -> tuple[Cell, ...]:
    return (
        cell(term(str(number))),
        cell(*happened(moment)),
        cell(*what(moment, material)),
        who(moment, material),
        words(moment),
    )


def _text_alternative(moments: Sequence[DossierEvent]) -> str:
    first, last = moments[0].happened_at, moments[-1].happened_at
    return f"A line of time from {first:%d.%m.%Y} to {last:%d.%m.%Y} with the {len(moments)} events of the table below."
