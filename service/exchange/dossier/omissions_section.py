"""Sections on what was left out, and on the document itself."""

from collections.abc import Iterator

from domain.vocabulary import Likelihood, exact_time, format_time
from service.exchange.dossier.document import Block, Cell, Facts, Paragraph, Section, TextLine, cell, quiet, table, term
from service.exchange.dossier.material import Material
from service.exchange.dossier.phrases import CREDIBILITIES, DIGIT, LIKELIHOODS, PERCENT, RELIABILITIES
from service.exchange.dossier.timeline_section import in_order

NOTHING_LEFT_OUT = (
    "Nothing was left out because of markings: this is the whole record, as the operator of the register sees it."
)
OF_LIKELIHOOD = "The likelihood of a finding is given in the bands of ICD 203."
OF_CONFIDENCE = "Confidence in its basis is given separately, as low, moderate or high."
OF_GRADINGS = (
    "Gradings of evidence are those of AJP-2.1. F and 6 are not the lowest grades: they mean that nobody can judge."
)
LEFT_OUT = (
    "Incidents, evidence and deliberations that the person for whom this was printed may not see do not appear in it. "
    "The table below "
    "lists events and decisions that refer to them. What may be seen follows from the markings of the records, as they "
    "apply now."
)


def left_out(material: Material) -> Section:
    blocks: list[Block] = [Paragraph(TextLine(NOTHING_LEFT_OUT if material.printed.by is None else LEFT_OUT))]
    rows = tuple(_rows(material))
    if rows:
        blocks.append(table(("Event", "What is left out", "Why"), (0.3, 1, 1.6), rows))
    return Section("What was left out, and why", tuple(blocks))


def _rows(material: Material) -> Iterator[tuple[Cell, ...]]:
    for number, moment in enumerate(in_order(material), start=1):
        entry = moment.step.entry
        for path in moment.step.shown.redactions:
            yield (cell(term(str(number))), cell(_left(path)), cell(_why(path, path in entry.erased)))


def _left(path: str) -> str:
    head = path.partition(".")[0]
    named = {
        "actor": "Who acted for the deciding authority",
        "reason": "The reason given",
        "recommendation": "What was recommended",
        "incidents": "An incident",
        "awaiting": "An incident that is awaited",
        "grounds": "A finding that was a ground",
        "evidence": "A piece of evidence",
    }
    return named.get(head, f"What was written ({path})")


def _why(path: str, erased: bool) -> str:
    if erased:
        return "It was erased. That it was written, when and by whom, stays on record."
    if path in ("actor", "reason", "recommendation"):
        return "It is internal to the deliberations: only the deciding authority and auditors may see it."
    return "Its marking does not permit the person for whom this was printed to see it."


def about(material: Material) -> Section:
    printed = material.printed
    by = printed.by
    facts: list[tuple[str, Cell]] = [
        ("Printed", cell(format_time(printed.at))),
        ("Printed by", cell(*_by(material))),
        (
            "Content",
            cell(
                f"the register as of {exact_time(printed.as_of)}" if printed.as_of else "everything up to its printing",
                quiet(f"The last event of the request is at position {printed.position} of the register's log, "
                      f"recorded on {format_time(printed.recorded_at)}."),
            ),
        ),
        ("Times", cell("in UTC; for imported events, when they happened and when they were recorded")),
    ]  # fmt: skip
    if by is not None:
        facts.append(("Visibility", cell("what the person for whom it was printed may see on the day of printing")))
    bands = tuple(cell(PERCENT[each]) for each in Likelihood)
    graded = [
        (cell(reliability.value), cell(source), cell(DIGIT[credibility]), cell(information))
        for (reliability, source), (credibility, information) in zip(
            RELIABILITIES.items(), CREDIBILITIES.items(), strict=True
        )
    ]
    return Section(
        "About this document",
        (
            Facts(tuple(facts)),
            Paragraph(quiet(OF_LIKELIHOOD)),
            Paragraph(quiet(OF_CONFIDENCE)),
            table([LIKELIHOODS[each] for each in Likelihood], [1.0] * len(bands), [bands]),
            Paragraph(quiet(OF_GRADINGS)),
            table(("", "Reliability of the source", "", "Credibility of the information"), (0.15, 1, 0.15, 1), graded),
        ),
    )  # fmt: skip


def _by(material: Material) -> Iterator[TextLine]:
    by = material.printed.by
    if by is None:
        yield TextLine("the operator of the register")
        yield quiet(f"account {material.printed.account}")
    else:
        yield TextLine(f"for {material.person(by)}, {material.authority(by.authority)}")
        yield quiet(material.roles(by))
