"""Histories made by chance, reproducibly: every kind of event, marking and status, several streams interleaved.

What is generated need not have been permitted; it only has to be a history that the states can be folded from.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain import authority, jurisdiction, number_series, region
from domain.authority import AuditingSet, AuthorityRegistered
from domain.catalogue import AGGREGATE_OF
from domain.deployment_request import events as request
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.idempotency_key import KeyClaimed
from domain.idempotency_key import stream_of as claim_of
from domain.incident.state import Incident
from domain.jurisdiction import MandateEnded, MandateGranted
from domain.number_series import NumberAssigned
from domain.recorded_event import CommandRef, Recorded
from domain.region import RegionName, RegionRegistered
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    Days,
    IncidentId,
    Label,
    Language,
    Likelihood,
    Marking,
    Quorum,
    Region,
    Strength,
    Subject,
    Text,
)
from service.event_store.records import AppendItem, UnrecordedEvent
from tests.projections.chance import CODES, REGIONS, START
from tests.projections.deputy_events import appointment
from tests.projections.endpoint_events import endpoint_events
from tests.projections.incident_steps import IncidentSteps

Made = tuple[UUID, Any]
UNDECIDED = (RequestStatus.SUBMITTED, RequestStatus.UNDER_REVIEW, RequestStatus.WITHHELD_PENDING_ATTRIBUTION)


class Histories(IncidentSteps):
    """Makes items. The states that it keeps are those of its own events, as they were made. markings: change too."""

    def __init__(self, seed: int, *, markings: bool = False) -> None:
        super().__init__(seed, markings=markings)
        self.states: dict[UUID, Any] = {}
        self.versions: dict[UUID, int] = {}

    def opening(self) -> AppendItem:
        """Authorities and mandates, so that somebody holds something, and regions, one of them renamed."""
        made: list[Made] = [
            (authority.stream_of(code), AuthorityRegistered(code=code, name=Label(code.title()))) for code in CODES[:3]
        ]
        auditing = AuditingSet(code=CODES[2], audits_everything=True, reason=Text("It audits."))
        made.append((authority.stream_of(CODES[2]), auditing))
        made += [self._mandate(region, CODES[index % 2]) for index, region in enumerate(REGIONS[:5])]
        for path in ("xk", "xk/north", "xk"):
            names = (RegionName(language=Language("en"), name=Label(f"Name {len(made)}")),)
            event = RegionRegistered(authority=CODES[0], path=Region(path), names=names)
            made.append((region.stream_of(event.path), event))
        return self._item(made)

    def endpoint(self) -> AppendItem:
        """A webhook endpoint and a mail subscription of one authority."""
        return self._item(endpoint_events(self.uuid, CODES[1], self.text))

    def items(self, count: int) -> list[AppendItem]:
        """And some appointments of deputies and referrals of incidents before them."""
        made = ((*self.aside(self._appointment), *self._referral(), self.item()) for _ in range(count))
        return [each for items in made for each in items]

    def _referral(self) -> list[AppendItem]:
        return self.aside(lambda: [self._item([made]) for made in self.referral(self.states)], self.of_referrals)

    def _appointment(self) -> list[AppendItem]:
        return [self._item([appointment(self.random, self.text)])] if self.random.random() < 0.05 else []

    def item(self) -> AppendItem:
        """What one command, or one line of an import, might record."""
        openings: list[Callable[[], list[Made]]] = [self._submitted, self._reported, self._register]
        openable = [stream for stream, state in self.states.items() if isinstance(state, DeploymentRequest | Incident)]
        if len(openable) < 4 or self.random.random() < 0.15:
            return self._item(self.random.choice(openings)())
        subject = self.random.choice(openable)
        steps = 1 if self.random.random() < 0.9 else 3
        made = []
        for _ in range(steps):
            state = self.states[subject]
            make = self._on_request if isinstance(state, DeploymentRequest) else self._on_incident
            made.append((subject, make(state)))
            self._evolve(*made[-1], self.anybody())
        return self._item(made, evolved=True)

    def _item(self, made: list[Made], evolved: bool = False) -> AppendItem:
        actor, command, correlation = self.anybody(), self.uuid(), self.uuid()
        unrecorded = []
        for n, (stream, event) in enumerate(made, start=1):
            if not evolved:
                self._evolve(stream, event, actor)
            self.versions[stream] = self.versions.get(stream, 0) + 1
            unrecorded.append(
                UnrecordedEvent(
                    stream=stream,
                    version=self.versions[stream],
                    event=event,
                    actor=actor,
                    command=CommandRef(name="Made", id=command, n=n, of=len(made)),
                    correlation=correlation,
                    causation=self.random.choice([None, 1]),
                    occurred_at=self.instant() if self.random.random() < 0.1 else None,
                )
            )
        return AppendItem(events=tuple(unrecorded))

    def _evolve(self, stream: UUID, event: Any, actor: Actor) -> None:
        """Only as far as the next event depends on it."""
        state = self.states.get(stream)
        recorded = Recorded(
            event=event,
            stream=stream,
            version=1 if state is None else state.version + 1,
            position=1,
            recorded_at=START,
            actor=actor,
            command=CommandRef(name="Made", id=stream, n=1, of=1),
            correlation=stream,
        )
        self.states[stream] = AGGREGATE_OF[type(event)].evolve(state, recorded)

    def _register(self) -> list[Made]:
        region = self.random.choice(REGIONS)
        held = self.states.get(jurisdiction.stream_of(region))
        match self.random.randrange(3):
            case 0 if (code := CODES[3]) and authority.stream_of(code) not in self.states:
                return [(authority.stream_of(code), AuthorityRegistered(code=code, name=Label("Delta")))]
            case 1 if held is not None:
                ended = MandateEnded(
                    authority=held.mandates[-1].authority, region=region, reason=self.text(), at=self.instant()
                )
                return [(jurisdiction.stream_of(region), ended)]
            case _:
                return [self._mandate(region, self.random.choice(CODES))]

    def _mandate(self, region: Region, code: AuthorityCode) -> Made:
        event = MandateGranted(
            authority=code,
            region=region,
            legal_basis=Label("UNSCR 1244 (1999)"),
            endorsements_required=Quorum(self.random.randint(1, 2)),
            valid_from=START - timedelta(days=9),
            valid_until=self.random.choice([None, START + timedelta(days=9000)]),
            answer_within_days=Days(366) if "/" in region else None,
        )
        return jurisdiction.stream_of(region), event

    def _submitted(self) -> list[Made]:
        stream, marking, code = self.uuid(), self.random.choice(list(Marking)), self.random.choice(CODES)
        self.numbers += 1
        event = request.RequestSubmitted(
            reference=f"{code}-2024-{self.numbers:04}",
            requesting_authority=code,
            deciding_authority=self.random.choice(CODES),
            endorsements_required=Quorum(1),
            force=Label(self.random.choice(["Security Force", "Task\tForce \\ Nord", 'Żandarmeria "B"'])),
            strength=Strength(self.random.randint(1, 900)),
            region=self.random.choice(REGIONS),
            purpose=self.text(),
            period=self.period(),
            incidents=self._incidents(),
            marking=marking,
            recipients=(Subject("p2"), Subject('p"3\\')) if marking is Marking.RED else (),
            answer_within_days=Days(366) if self.numbers % 2 else None,
        )
        numbered = (number_series.stream_of(f"{code}-2024"), NumberAssigned(subject=stream))
        claimed = KeyClaimed(nonce="00", fingerprint="0" * 64, stream=stream, first_version=1, last_version=1)
        return [(stream, event), numbered, (claim_of(code, str(stream)), claimed)]

    def _moved(self) -> dict[str, Any]:
        """Another region, and what its mandate asks for."""
        region = self.random.choice([None, None, *REGIONS])
        if region is None:
            return {}
        quorum, hearing = Quorum(self.random.randint(1, 2)), self.random.choice([True, False])
        return {"region": region, "endorsements_required": quorum, "hearing": hearing}

    def _on_request(self, state: DeploymentRequest) -> Any:
        why, choose = self.text(), self.random.choice
        choices: list[Any] = [
            request.RequestAmended(
                strength=choose([None, Strength(7)]),
                purpose=choose([None, self.text()]),
                period=choose([None, self.period()]),
                incidents=choose([None, self._incidents()]),
                reason=why,
                **self._moved(),
            ),
            request.RequestRemarked(reason=why, internal=choose([True, False])),
            request.RequestEndorsed(
                recommendation=choose(list(request.Recommendation)), reason=why, revision=state.revision
            ),
            request.ReviewerRecused(reason=why),
        ]
        if state.status in UNDECIDED and self.random.random() < 0.15:
            choices += self._succession(state, why)
        if self.markings:
            choices += map(self._marked, (request.RequestMarkingProposed, request.RequestMarkingChanged))
        match state.status:
            case RequestStatus.SUBMITTED:
                choices += [request.ReviewBegun(reason=why)] * 4 + [request.RequestWithdrawn(reason=why)]
            case RequestStatus.UNDER_REVIEW:
                choices += [self._hold(why), self._hold(why), self._approved(why)]
                choices.append(request.RequestDenied(reason=why, grounds=self._grounds()))
            case RequestStatus.WITHHELD_PENDING_ATTRIBUTION:
                choices += [request.ReviewResumed(reason=why, grounds=self._grounds())] * 3
            case RequestStatus.APPROVED:
                choices += [
                    request.ApprovalQuestioned(reason=why, incidents=self._incidents()),
                    request.ApprovalConfirmed(reason=why, grounds=self._grounds()),
                    request.ApprovalRevoked(reason=why),
                    request.ApprovalExpired(reason=why),
                ]
                choices += [*self.on_extension(state, why), *self.on_hearing(state, why)]
                conditions = state.decision.conditions if state.decision else ()
                choices += [request.FulfilmentReported(condition=each.id, report=why) for each in conditions]
            case _:
                pass
        return choose(choices)

    def _succession(self, state: DeploymentRequest, why: Text) -> list[Any]:
        if state.successor is None:
            others = [code for code in CODES[:3] if code not in (state.deciding_authority, state.requesting_authority)]
            return [SuccessorNamed(successor=self.random.choice(others), reason=why)]
        taken = RequestTakenOver(deciding_authority=state.successor, endorsements_required=Quorum(1), reason=why)
        return [taken, taken, SuccessorNamed(reason=why)]

    def _hold(self, why: Text) -> request.RequestWithheld:
        return request.RequestWithheld(
            reason=why,
            awaiting=self._incidents(),
            minimum_likelihood=self.random.choice(list(Likelihood)),
            minimum_confidence=self.random.choice(list(AnalyticConfidence)),
            review_by=self.random.choice([None, self.due()]),
        )

    def _approved(self, why: Text) -> request.RequestApproved:
        conditions = (
            request.ConditionSet(id=ConditionId(self.uuid()), text=self.text(), due_by=self.due()),
            request.ConditionSet(id=ConditionId(self.uuid()), text=self.text()),
        )
        return request.RequestApproved(
            reason=why,
            strength=Strength(5),
            period=self.period(),
            conditions=conditions[: self.random.randint(0, 2)],
            valid_until=self.random.choice([None, self.instant()]),
            grounds=self._grounds(),
        )

    def _incidents(self) -> tuple[IncidentId, ...]:
        known = [IncidentId(stream) for stream, state in self.states.items() if isinstance(state, Incident)]
        return tuple(self.random.sample(known, min(len(known), self.random.randint(0, 2))))

    def _grounds(self) -> tuple[request.Ground, ...]:
        found = [self.states[stream] for stream in self._incidents()]
        return tuple(
            request.Ground(
                incident=each.id,
                version=each.attribution.version,
                responsible_party=each.attribution.responsible_party,
                likelihood=each.attribution.likelihood,
                confidence=each.attribution.confidence,
            )
            for each in found
            if each.attribution is not None
        )
