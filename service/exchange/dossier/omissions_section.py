"""What was left out and why, and what there is to know of the document itself."""

from collections.abc import Iterator

from domain.vocabulary import Likelihood, exactly, spoken
from service.exchange.dossier.document import Block, Cell, Facts, Paragraph, Section, TextLine, cell, quiet, table, term
from service.exchange.dossier.material import Material
from service.exchange.dossier.phrases import CREDIBILITIES, DIGIT, LIKELIHOODS, PERCENT, RELIABILITIES
from service.exchange.dossier.timeline_section import in_order

WHOLE = (
    "Nothing was left out for the sake of who may see it: this is the whole record, as the operator of the register "
    "sees it."
)
OF_LIKELIHOOD = "How likely a finding is, is told in the bands of ICD 203."
OF_CONFIDENCE = "How sound its basis is, is told apart from that, as low, moderate or high."
OF_GRADINGS = "Gradings of evidence are those of AJP-2.1. F and 6 are no lowest grades: they say that none can judge."
STANDS_FOR = (
    "What the incidents and evidence say that may not be seen by the person for whom this was printed does not appear "
    "in it. That an event concerns one is told below, and where a decision rests on one. That follows from the "
    "markings of what is recorded, as they apply now."
)


def left_out(material: Material) -> Section:
    blocks: list[Block] = [Paragraph(TextLine(WHOLE if material.printed.by is None else STANDS_FOR))]
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
        "reason": "The text of a remark",
        "incidents": "An incident",
        "awaiting": "An incident that is awaited",
        "grounds": "A finding that was a ground",
        "evidence": "A piece of evidence",
    }
    return named.get(head, f"What was written ({path})")


def _why(path: str, erased: bool) -> str:
    if erased:
        return "It was erased. That it was written, when and by whom, stays on record."
    if path == "reason":
        return "It is internal: for the deciding authority and for auditors alone."
    return "Its marking does not let the person see it for whom this was printed."


def about(material: Material) -> Section:
    printed = material.printed
    by = printed.by
    facts: list[tuple[str, Cell]] = [
        ("Printed", cell(spoken(printed.at))),
        ("Printed by", cell(*_by(material))),
        (
            "Tells",
            cell(
                f"what the register said as of {exactly(printed.as_of)}" if printed.as_of else "all up to its printing",
                quiet(f"The last event of the request stands at position {printed.position} of the register's log, "
                      f"recorded on {spoken(printed.recorded_at)}."),
            ),
        ),
        ("Times", cell("in UTC; of what was imported, when it happened and when it was recorded")),
    ]  # fmt: skip
    if by is not None:
        facts.append(("Seen", cell("as the person for whom it was printed may see it on the day of printing")))
    bands = tuple(cell(PERCENT[each]) for each in Likelihood)
    graded = [
        (cell(reliability.value), cell(told), cell(DIGIT[credibility]), cell(held))
        for (reliability, told), (credibility, held) in zip(RELIABILITIES.items(), CREDIBILITIES.items(), strict=True)
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
