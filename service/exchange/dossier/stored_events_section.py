"""Section on the events as the register has stored them, so that a printed one can be found and compared there."""

from typing import Final
from uuid import UUID

from service.exchange.dossier.document import Paragraph, Section, Style, TextLine, cell, quiet, table, term
from service.exchange.dossier.material import Material
from service.exchange.dossier.timeline_section import in_order

WHAT_FOR: Final = (
    "Each event of the course above, with its subject, its position in the register's log, and the SHA-256 of the "
    "bytes stored there. The bytes are never rewritten: whoever can read the log can compute it again."
)


def stored_events(material: Material) -> Section:
    names: dict[UUID, str] = {material.request.id: material.request.reference}
    names |= {each.incident.id: each.incident.reference for each in material.incidents}
    entries = [moment.step.entry for moment in in_order(material)]
    rows = tuple(
        (
            cell(term(str(number))),
            cell(names[entry.subject]),
            cell(str(entry.position)),
            cell(TextLine(material.digests[entry.position], Style.EXACT)),
        )
        for number, entry in enumerate(entries, start=1)
    )
    titles = ("", "Subject", "Position", "SHA-256 of the stored bytes")
    return Section("The events as stored", (Paragraph(quiet(WHAT_FOR)), table(titles, (0.2, 1, 0.5, 2.6), rows)))
