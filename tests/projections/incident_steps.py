"""What might have happened to an incident next, by chance."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from domain.incident import events as incident
from domain.incident.state import Incident
from domain.vocabulary import (
    AnalyticConfidence,
    CorrectionId,
    EvidenceId,
    InformationCredibility,
    Label,
    Likelihood,
    Marking,
    SourceReliability,
    Subject,
)
from tests.projections.chance import CODES, REGIONS, Chance


class IncidentSteps(Chance):
    """markings: change too."""

    def __init__(self, seed: int, *, markings: bool = False) -> None:
        super().__init__(seed)
        self.markings = markings
        self.numbers = 0

    def _reported(self) -> list[tuple[UUID, Any]]:
        marking = self.random.choice(list(Marking))
        self.numbers += 1
        event = incident.IncidentReported(
            reference=f"alpha-i-2024-{self.numbers:04}",
            kind=Label(self.random.choice(["explosion", "sabotage"])),
            description=self.text(),
            region=self.random.choice(REGIONS),
            location=self.random.choice([None, self.location()]),
            occurred_at=self.instant(),
            marking=marking,
            recipients=(Subject("p4"),) if marking is Marking.RED else (),
            covered_by=tuple(self.random.sample(CODES, self.random.randint(0, 2))),
        )
        return [(self.uuid(), event)]

    def _on_incident(self, state: Incident) -> Any:
        pieces = tuple(piece.id for piece in state.evidence)
        choices: list[Any] = [
            self._evidence(self.random.choice([m for m in Marking if m.strictness >= state.marking.strictness])),
            self._attributed(pieces),
            incident.FindingDissented(finding=self._alternative(pieces), reason=self.text()),
            self._corrected(state),
            self._proposed(state),
        ]
        choices += [
            incident.CorrectionDiscarded(correction=each.id, reason=self.text()) for each in state.open_corrections[:1]
        ]
        if self.markings:
            choices += [self._marked(incident.IncidentMarkingProposed), self._marked(incident.IncidentMarkingChanged)]
        standing = [piece for piece in state.evidence if not piece.withdrawn]
        if standing:
            piece = self.random.choice(standing).id
            regraded = incident.EvidenceRegraded(
                evidence=piece,
                source_reliability=self.random.choice(list(SourceReliability)),
                information_credibility=self.random.choice(list(InformationCredibility)),
                reason=self.text(),
            )
            choices += [regraded, incident.EvidenceWithdrawn(evidence=piece, reason=self.text())]
        if state.attribution is not None and not state.attribution.to_be_reaffirmed:
            choices.append(incident.FindingQuestioned(reason=self.text()))
        if state.attribution is not None:
            choices.append(incident.AttributionRetracted(reason=self.text()))
            open_to = [code for code in CODES if code not in state.referred_to]
            choices += [incident.IncidentReferred(authority=code, reason=self.text()) for code in open_to[:1]]
        return self.random.choice(choices)

    def referral(self, states: Mapping[UUID, Any]) -> Iterator[tuple[UUID, Any]]:
        """Now and then one of an incident, attributed or not, or an answer."""
        incidents = [state for state in states.values() if isinstance(state, Incident)]
        if not incidents or self.random.random() > 0.1:
            return
        state, code = self.random.choice(incidents), self.random.choice(CODES)
        if state.unanswered and self.random.random() < 0.5:
            yield state.id, incident.ReferralAnswered(answer=self.text())
        elif code not in state.referred_to:
            yield state.id, incident.IncidentReferred(authority=code, reason=self.text())

    def _corrected(self, state: Incident) -> incident.IncidentCorrected:
        choose = self.random.choice
        return incident.IncidentCorrected(
            kind=choose([None, Label("fire")]),
            description=choose([None, self.text()]),
            region=choose([None, *REGIONS]),
            location=choose([None, self.location()]),
            occurred_at=choose([None, self.instant()]),
            covered_by=tuple(self.random.sample(CODES, self.random.randint(0, 1))),
            reason=self.text(),
            correction=choose([None, *(each.id for each in state.open_corrections)]),
        )

    def _proposed(self, state: Incident) -> incident.CorrectionProposed:
        values = incident.Particulars(description=self.text(), location=self.random.choice([None, self.location()]))
        return incident.CorrectionProposed(
            correction=CorrectionId(self.uuid()),
            values=values,
            before=incident.Particulars(
                description=state.description, location=state.location if values.location else None
            ),
            reason=self.text(),
        )

    def _marked(self, kind: Callable[..., Any]) -> Any:
        to = self.random.choice(list(Marking))
        return kind(marking=to, recipients=(Subject("p2"),) if to is Marking.RED else (), reason=self.text())

    def _evidence(self, marking: Marking) -> incident.EvidenceRecorded:
        return incident.EvidenceRecorded(
            evidence=EvidenceId(self.uuid()),
            summary=self.text(),
            marking=marking,
            source_reliability=self.random.choice(list(SourceReliability)),
            information_credibility=self.random.choice(list(InformationCredibility)),
            uri=self.random.choice([None, self.text()]),
        )

    def _attributed(self, pieces: tuple[EvidenceId, ...]) -> incident.IncidentAttributed:
        return incident.IncidentAttributed(
            responsible_party=self.random.choice([None, self.text()]),
            likelihood=self.random.choice(list(Likelihood)),
            confidence=self.random.choice(list(AnalyticConfidence)),
            basis=self.text(),
            evidence=tuple(piece for piece in pieces if self.random.random() < 0.5),
            alternatives=self.random.choice([(), (self._alternative(pieces),)]),
            changed_because=self.random.choice([None, self.text()]),
        )

    def _alternative(self, pieces: tuple[EvidenceId, ...]) -> incident.Alternative:
        return incident.Alternative(
            responsible_party=self.random.choice([None, self.text()]),
            likelihood=self.random.choice(list(Likelihood)),
            confidence=self.random.choice(list(AnalyticConfidence)),
            basis=self.text(),
            evidence=tuple(piece for piece in pieces if self.random.random() < 0.5),
        )
