"""Builds the document from the material: a pure function, independent of the output format."""

from collections.abc import Iterator

from domain.vocabulary import Actor, exact_time, format_time, in_words
from service.exchange.dossier.decisions_section import decisions, endorsements
from service.exchange.dossier.document import Cell, DossierDocument, Facts, cell, quiet, term
from service.exchange.dossier.incidents_section import incidents
from service.exchange.dossier.material import Material
from service.exchange.dossier.omissions_section import about, left_out
from service.exchange.dossier.phrases import status
from service.exchange.dossier.stored_events_section import stored_events
from service.exchange.dossier.terms_section import terms
from service.exchange.dossier.timeline_section import course
from service.exchange.visible_log.status_text import StatusFacts, status_text


def document(material: Material) -> DossierDocument:
    request = material.request
    sections = (
        terms(material),
        course(material),
        endorsements(material),
        decisions(material),
        incidents(material),
        left_out(material),
        stored_events(material),
        about(material),
    )
    return DossierDocument(
        kind="Dossier of a deployment request",
        title=request.reference,
        subtitle=f"{request.force} to {request.region}",
        marking=in_words(material.marking),
        standing=" ".join(_standing(material)),
        facts=Facts(tuple(_facts(material))),
        sections=tuple(section for section in sections if section is not None),
        printed=printed(material),
    )


def printed(material: Material) -> str:
    """The footer of each page."""
    as_of = f", as of {exact_time(material.printed.as_of)}" if material.printed.as_of else ""
    return f"Printed on {format_time(material.printed.at)} {_for_whom(material)}{as_of}"


def _standing(material: Material) -> Iterator[str]:
    events = ((moment.step.entry.type, moment.happened_at) for moment in material.moments)
    yield status_text(StatusFacts.of(material.request), events)
    if overdue := len(material.overdue):
        yield "1 condition is overdue." if overdue == 1 else f"{overdue} conditions are overdue."


def _for_whom(material: Material) -> str:
    by = material.printed.by
    return "by the operator of the register" if by is None else f"for {_person(by, material)}"


def _person(actor: Actor, material: Material) -> str:
    return f"{material.person(actor)}, {material.authority(actor.authority)}"


def _facts(material: Material) -> Iterator[tuple[str, Cell]]:
    request = material.request
    yield "Requested by", cell(term(material.authority(request.requesting_authority)))
    yield "Decided by", cell(term(material.authority(request.deciding_authority)))
    mandate = material.mandate
    if mandate is not None:
        yield "By mandate over", cell(mandate.region, quiet(mandate.legal_basis))
    yield "Submitted", cell(format_time(request.submitted_at), quiet(f"by {_person(request.submitted_by, material)}"))
    if request.answer_by is not None:
        yield "Decision due", cell(format_time(request.answer_by))
    yield "Status", cell(status(request.status))
    yield "Version", cell(f"{request.version}, revision {request.revision} of its terms")
