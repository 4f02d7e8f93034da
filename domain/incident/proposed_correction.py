"""The correction of an incident that others propose, and the owner accepts or discards.

A proposal has no audience of its own: whoever may see the incident sees it, and nobody else.
"""

from dataclasses import dataclass
from typing import Any, Final

from domain.decider import By, Context, Verdict
from domain.incident import correction, rules
from domain.incident.correction import CorrectIncident, given
from domain.incident.events import CorrectionDiscarded, CorrectionProposed, Event, IncidentCorrected, Particulars
from domain.incident.state import Correction, Incident
from domain.limits import room_for
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, CorrectionId, Role, Subject, Text, camel, derived_id, joined

OPEN: Final = 20
"""Most proposed corrections of an incident that are not settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeCorrection(CorrectIncident):
    """None: as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleCorrection:
    correction: CorrectionId
    accept: bool
    reason: Text


def propose(command: ProposeCorrection, incident: Incident, context: Context) -> tuple[Event, ...]:
    values = Particulars(**given(command))
    return (
        CorrectionProposed(
            correction=CorrectionId(derived_id("correction", str(incident.id), str(incident.version + 1))),
            values=values,
            before=Particulars(**_recorded(values, incident)),
            reason=command.reason,
        ),
    )


def settle(command: SettleCorrection, incident: Incident, context: Context) -> tuple[Event, ...]:
    """Raises ValueError if no such proposal is open."""
    if not command.accept:
        return (CorrectionDiscarded(correction=command.correction, reason=command.reason),)
    if (proposal := _open(command, incident)) is None:
        raise ValueError(f"no correction {command.correction} of {incident.reference} is open")
    covered_by = correction.covered_by(proposal.values.region, incident, context)
    values = given(proposal.values)
    return (IncidentCorrected(**values, covered_by=covered_by, reason=command.reason, correction=command.correction),)


def proposal_of(command: SettleCorrection, incident: Incident, context: Context) -> int | None:
    """The position of the event that proposed it."""
    proposal = _open(command, incident)
    return proposal.position if proposal else None


def _recorded(values: Particulars, incident: Incident) -> dict[str, Any]:
    """What is recorded now, of the fields that are named."""
    return {name: getattr(incident, name) for name in given(values)}


def _open(command: SettleCorrection, incident: Incident) -> Correction | None:
    return next((each for each in incident.open_corrections if each.id == command.correction), None)


def by_other(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    [owns] = correction.by_owner(incident, context)
    return (
        *rules.by_contributor(incident, context),
        Verdict(
            rule="OWNER",
            met=not owns.met,
            description="You can correct it yourself: use correctIncident."
            if owns.met
            else "Others than those who can correct it propose a correction.",
            rests_on=owns.rests_on,
        ),
    )


def another(incident: Incident, context: Context) -> Actor:
    """A requester of the reporting authority, other than the author."""
    authority = incident.reported_by.authority
    return Actor(issuer="", subject=Subject(""), authority=authority, roles=(Role.REQUESTER,))


OTHER: Final[By[Incident]] = By(by_other, another)


def few_are_open(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """Fewer than 20 proposed corrections are not settled."""
    if (number := len(incident.open_corrections)) < OPEN:
        return ()
    text = f"Proposed corrections that are not settled: {number}, the maximum. Its owner is to settle one first."
    return (Verdict(rule="PROPOSALS", met=False, description=text),)


def is_proposed(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """A correction is proposed, and neither accepted nor discarded."""
    proposals = incident.open_corrections
    text = f"Proposed corrections to settle: {len(proposals)}." if proposals else "No correction of it is proposed."
    positions = tuple(each.position for each in proposals)
    return (Verdict(rule="PROPOSED", met=bool(proposals), description=text, rests_on=positions),)


def is_not_yet_proposed(command: ProposeCorrection, incident: Incident, context: Context) -> Problems:
    """The same is not proposed already."""
    values = given(command)
    if any(given(each.values) == values for each in incident.open_corrections):
        message = "Just this is proposed already: the owner of the incident is to settle it."
        yield FieldProblem(path=camel(next(iter(values))), message=message)


def is_open(command: SettleCorrection, incident: Incident, context: Context) -> Problems:
    """The proposed correction belongs to the incident, and is neither accepted nor discarded."""
    found = next((each for each in incident.corrections if each.id == command.correction), None)
    if found is None:
        message = f"This incident has no such proposed correction: {command.correction}."
        yield FieldProblem(path="correction", message=message)
    elif not found.is_open:
        yield FieldProblem(path="correction", message=f"It is {found.state.lower()} already: another can be proposed.")


def is_unchanged(command: SettleCorrection, incident: Incident, context: Context) -> Verdict:
    """What an accepted correction names has not changed since it was proposed."""
    found = _open(command, incident) if command.accept else None
    changed: list[str] = []
    if found is not None:
        now = _recorded(found.values, incident)
        changed = [camel(name) for name, value in now.items() if value != getattr(found.before, name)]
    return Verdict(
        rule="UNCHANGED",
        met=not changed,
        description=f"Changed since this was proposed: {joined(changed, 'and')}. Discard the proposal; if the incident "
        "is still wrong, correct it (correctIncident)."
        if changed
        else "What it names is as it was when it was proposed.",
        rests_on=(found.position,) if found else (),
    )


_room = room_for(correction.number, "corrections", correction.ANOTHER)


def accepted_fits(command: SettleCorrection, incident: Incident, context: Context) -> Verdict:
    """An accepted correction is one of at most 1,000, and the incident has less than 100 MB of text."""
    full = _room(incident, context) if command.accept else ()
    return full[0] if full else Verdict(rule="LIMIT", met=True, description="One more correction fits.")


def could_be_corrected(command: SettleCorrection, incident: Incident, context: Context) -> Problems:
    """An accepted correction meets what is asked of a correction by the owner."""
    found = _open(command, incident) if command.accept else None
    if found is None:
        return
    accepted = CorrectIncident(**given(found.values), reason=command.reason)
    for check in (correction.has_happened, correction.region_is_known, correction.red_keeps_an_investigator):
        for problem in check(accepted, incident, context):
            yield FieldProblem(path="correction", message=problem.message)
