"""Section on the incidents of the request: findings, and evidence with its gradings."""

from collections.abc import Iterator

from domain.incident.events import Alternative
from domain.incident.state import Attribution, Evidence, Incident
from domain.vocabulary import format_time, in_words
from service.exchange.dossier.document import (
    Block,
    Cell,
    Facts,
    Paragraph,
    Section,
    Style,
    Subsection,
    TextLine,
    cell,
    quiet,
    quoted,
    table,
    term,
)
from service.exchange.dossier.incident_phrases import proposed
from service.exchange.dossier.material import IncidentFile, Material
from service.exchange.dossier.phrases import (
    CREDIBILITIES,
    RELIABILITIES,
    coordinates,
    grading,
    likelihood,
    status,
)


def incidents(material: Material) -> Section | None:
    parts = tuple(_incident(file, material) for file in material.incidents)
    return Section("Incidents and evidence", parts) if parts else None


def _incident(file: IncidentFile, material: Material) -> Subsection:
    incident = file.incident
    facts: list[tuple[str, Cell]] = [
        ("What", cell(incident.kind, quoted(incident.description.value))),
        ("Where", cell(incident.region, *_place(file))),
        ("When", cell(format_time(incident.occurred_at))),
        ("Reported", cell(format_time(incident.reported_at), quiet(f"by {material.person(incident.reported_by)}"))),
        ("Marking", cell(in_words(incident.marking))),
        ("Attribution", cell(status(incident.status))),
    ]
    if incident.referred_to:
        facts.append(("Referred to", cell(*_referrals(incident, material))))
    blocks: list[Block] = [Facts(tuple(facts)), *_finding(incident.attribution, file, material)]
    blocks += _dissents(incident, material)
    blocks += _corrections(incident, material)
    blocks += _earlier_findings(incident, file, material)
    blocks.append(_evidence(file, material) if file.evidence else Paragraph(quiet("No evidence on it is shown here.")))
    return Subsection(incident.reference, tuple(blocks))


def _referrals(incident: Incident, material: Material) -> Iterator[TextLine]:
    for each in incident.referrals:
        yield TextLine(material.authority(each.authority))
        if each.answered_by is not None and each.answered_at is not None:
            yield quiet(f"answered {format_time(each.answered_at)} by {material.person(each.answered_by)}")
            yield quoted(each.answer.value if each.answer else None)


def _place(file: IncidentFile) -> Iterator[TextLine]:
    location = file.incident.location
    if location is not None:
        if location.description is not None:
            yield quoted(location.description.value)
        yield quiet(f"{coordinates(location)} (WGS 84)")


def _finding(finding: Attribution | None, file: IncidentFile, material: Material) -> Iterator[Block]:
    """The current finding. Likelihood and confidence are separate facts (ICD 203)."""
    if finding is None:
        return
    party = finding.responsible_party
    shown = {piece.id: index for index, piece in enumerate(file.evidence, start=1)}
    rests_on = [f"E{shown[each]}" for each in finding.evidence if each in shown]
    facts: list[tuple[str, Cell]] = [
        ("Found responsible", cell(quoted(party.value) if party else "it cannot be determined who is responsible")),
        ("Likelihood", cell(likelihood(finding.likelihood))),
        ("Confidence", cell(finding.confidence.lower())),
        ("Basis", cell(quoted(finding.basis.value))),
        ("Found", cell(format_time(finding.found_at), quiet(f"by {material.person(finding.found_by)}"))),
    ]
    if finding.changed_because is not None:
        facts.append(("What changed", cell(quoted(finding.changed_because.value))))
    facts += [("Alternative", cell(*_assessed(each))) for each in finding.alternatives]
    if finding.to_be_reaffirmed:
        facts.append(("To be reaffirmed", cell("evidence on which it rests is withdrawn")))
    if rests_on:
        facts.append(("Evidence", cell(", ".join(rests_on))))
    yield Facts(tuple(facts))


def _assessed(alternative: Alternative) -> Iterator[TextLine]:
    """Likelihood and confidence are separate lines (ICD 203)."""
    party = alternative.responsible_party
    yield quoted(party.value) if party else TextLine("it cannot be determined who is responsible")
    yield quiet(f"Likelihood: {likelihood(alternative.likelihood)}.")
    yield quiet(f"Confidence: {alternative.confidence.lower()}.")
    yield quoted(alternative.basis.value)


def _dissents(incident: Incident, material: Material) -> Iterator[Block]:
    for dissent in incident.dissents:
        who = cell(format_time(dissent.at), quiet(f"by {material.person(dissent.by)}"))
        yield Facts((("Dissent", cell(*_assessed(dissent.finding))), ("Recorded", who)))


def _corrections(incident: Incident, material: Material) -> Iterator[Block]:
    """Those that are proposed and not settled."""
    for correction in incident.open_corrections:
        who = cell(format_time(correction.proposed_at), quiet(f"by {material.person(correction.proposed_by)}"))
        what = cell(*proposed(correction.before, correction.values), quoted(correction.reason.value))
        yield Facts((("Proposed correction", what), ("Proposed", who)))


def _earlier_findings(incident: Incident, file: IncidentFile, material: Material) -> Iterator[Block]:
    """Earlier findings, which were replaced or retracted."""
    rows = []
    for found, following in zip(incident.findings, incident.findings[1:], strict=False):
        finding, then = found.finding, following.finding
        if finding is not None and (then is None or then.version != finding.version):
            party = finding.responsible_party
            rows.append(
                (
                    cell(format_time(finding.found_at), quiet(material.person(finding.found_by))),
                    cell(quoted(party.value) if party else "it cannot be determined"),
                    cell(likelihood(finding.likelihood)),
                    cell(finding.confidence.lower()),
                    cell("replaced" if then else "retracted"),
                )
            )
    if rows:
        titles = ("Earlier findings", "Found responsible", "Likelihood", "Confidence", "Then")
        yield table(titles, (1, 1.2, 0.9, 0.6, 0.6), rows)


def _evidence(file: IncidentFile, material: Material) -> Block:
    rows = [_piece(number, piece, material) for number, piece in enumerate(file.evidence, start=1)]
    titles = ("", "Evidence", "Source", "Information", "Recorded", "Marking")
    return table(titles, (0.2, 1.6, 0.8, 0.8, 0.9, 0.6), rows)


def _withdrawn(piece: Evidence) -> Iterator[TextLine]:
    if piece.withdrawn_reason is not None:
        yield quiet("withdrawn:")
        yield quoted(piece.withdrawn_reason.value)


def _piece(number: int, piece: Evidence, material: Material) -> tuple[Cell, ...]:
    reliability, credibility = piece.source_reliability, piece.information_credibility
    return (
        cell(term(f"E{number}"), grading(reliability, credibility)),
        cell(
            quoted(piece.summary.value),
            quiet(str(piece.uri)) if piece.uri is not None else None,
            TextLine(f"SHA-256 {piece.sha256}", Style.EXACT) if piece.sha256 else None,
            *_withdrawn(piece),
        ),
        cell(f"{reliability.value}: {RELIABILITIES[reliability]}"),
        cell(f"{grading(reliability, credibility)[1]}: {CREDIBILITIES[credibility]}"),
        cell(format_time(piece.recorded_at), quiet(material.person(piece.recorded_by))),
        cell(in_words(piece.marking)),
    )
