"""A random register in which every text, label and person occurs once, and which of them somebody may read."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domain import blocked_persons, deputies
from domain.blocked_persons import PersonBlocked
from domain.catalogue import AGGREGATE_OF, own_audience
from domain.deployment_request.decision import ConditionState
from domain.deployment_request.events import (
    ConditionSet,
    EndorsementChanged,
    ExtensionAsked,
    ExtensionEndorsed,
    FulfilmentAccepted,
    FulfilmentReported,
    FulfilmentSentBack,
    Recommendation,
    RequestAssigned,
    RequestDenied,
    RequestSubmitted,
    RequestWithheld,
)
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.visibility import ACTOR, internal_parts
from domain.deputies import DeputyAppointed
from domain.incident.events import (
    EvidenceWithdrawn,
    FindingDissented,
    FindingQuestioned,
    IncidentReferred,
    OfEvidence,
    ReferralAnswered,
)
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.visibility import Viewer
from domain.vocabulary import Actor, AuthorityCode, ConditionId, Label, Marking, Person, Role, Subject, Text
from projections.rows.api_terms import payload
from projections.rows.audit_entries import introduces
from service.event_store.records import AppendItem
from service.exchange.visible_log.visible_events import INTERNAL_AGGREGATES
from tests.projections.chance import CODES, ISSUER, START
from tests.projections.histories import Made
from tests.projections.model import Model
from tests.service.exchange.exports.exporter import UniqueTexts

SECRET: Final = re.compile(r"text-\d{6}-ends")
DECIDING: Final = CODES[1]
"""The authority that decides on the requests of others, and for which half of the authors act."""
COPIES: Final = ("grounds",)
"""Parts of a payload that repeat what an incident says: shown to those who may see the incident."""


class Secrets(UniqueTexts):
    """Each author is somebody else, or one of the viewers p1 to p5; forces and kinds are unique too.

    Some deliberations are open. No authority decides on its own requests, as no command can record that.
    """

    def anybody(self) -> Actor:
        known = super().anybody()
        if self.random.random() < 0.3:
            return known
        authority = DECIDING if self.texts % 2 else known.authority
        return replace(known, subject=self.secret(), authority=authority)

    def principal(self, actor: Actor) -> Person:
        return (ISSUER, self.secret())

    def secret(self) -> Subject:
        return Subject(self.text().value or "")

    def block(self) -> AppendItem:
        """Somebody is blocked."""
        event = PersonBlocked(
            authority=CODES[1], issuer=Label(ISSUER), subject=Subject(self.text().value or ""), reason=self.text()
        )
        return self._item([(blocked_persons.STREAM, event)])

    def lent(self) -> AppendItem:
        """A viewer of those who decide is a deputy."""
        event = DeputyAppointed(
            authority=DECIDING,
            principal_issuer=Label(ISSUER),
            principal=self.secret(),
            deputy_issuer=Label(ISSUER),
            deputy=Subject("p2"),
            roles=(Role.REVIEWER,),
            valid_from=START,
            valid_until=START + timedelta(days=9000),
            reason=self.text(),
        )
        return self.aside(lambda: self._item([(deputies.stream_of(DECIDING), event)]))

    def extended(self) -> list[AppendItem]:
        """Two requests of the first viewer's authority: an extension and a notice; an urgent denial."""
        approved = replace(self._approved(self.text()), conditions=(self._condition(), self._condition()))
        settled = [
            kind(condition=condition.id, **{field: self.text()})
            for condition, last in zip(approved.conditions, (FulfilmentAccepted, FulfilmentSentBack), strict=True)
            for kind, field in ((FulfilmentReported, "report"), (last, "reason"))
        ]
        asked = ExtensionAsked(until=self.instant(), reason=self.text())
        endorsed = ExtensionEndorsed(recommendation=Recommendation.DENY, reason=self.text(), revision=1)
        notice = NoticeGiven(reason=self.text(), until=self.instant())
        said = StatementMade(statement=self.text())
        urgent = RequestDenied(reason=self.text(), urgency=self.text())
        return [*self._case(approved, *settled, asked, endorsed, notice, said), *self._case(urgent)]

    def _case(self, *happened: Any) -> list[AppendItem]:
        (stream, event), *rest = self._submitted()
        known = {"requesting_authority": CODES[0], "deciding_authority": DECIDING, "deliberations_internal": True}
        submitted = replace(event, marking=Marking.AMBER, recipients=(), **known)
        return [self._item([(stream, submitted), *rest]), *(self._item([(stream, each)]) for each in happened)]

    def _condition(self) -> ConditionSet:
        return ConditionSet(id=ConditionId(self.uuid()), text=self.text(), due_by=self.due())

    def found(self) -> list[AppendItem]:
        """An incident whose evidence, findings and answer to a referral are seen by all viewers of what is AMBER."""
        (stream, event), *rest = self._reported()
        reported = replace(event, marking=Marking.AMBER, recipients=(), covered_by=CODES)
        piece = self._evidence(Marking.AMBER)
        rests_on: dict[str, Any] = {"evidence": (piece.evidence,)}
        weighed, dissents = (replace(self._alternative(()), **rests_on) for _ in range(2))
        finding = replace(self._attributed(()), alternatives=(weighed,), changed_because=self.text(), **rests_on)
        made = (
            piece,
            finding,
            FindingDissented(finding=dissents, reason=self.text()),
            EvidenceWithdrawn(evidence=piece.evidence, reason=self.text()),
            FindingQuestioned(reason=self.text()),
            IncidentReferred(authority=CODES[0], reason=self.text()),
            ReferralAnswered(answer=self.text()),
        )
        return [self._item([(stream, reported), *rest])] + [self._item([(stream, each)]) for each in made]

    def _on_request(self, state: DeploymentRequest) -> Any:
        conditions = state.decision.conditions if state.status is RequestStatus.APPROVED and state.decision else ()
        if self.random.random() < (0.2 if not conditions else 0.7):
            return self.random.choice([self._deliberated, self._settled] if conditions else [self._deliberated])(state)
        return super()._on_request(state)

    def _deliberated(self, state: DeploymentRequest) -> Any:
        why, whom = self.text(), self.random.choice([Subject("p2"), Subject(self.text().value or "")])
        chosen = self.random.choice(list(Recommendation))
        return self.random.choice(
            [
                RequestAssigned(subject=whom, reason=why),
                EndorsementChanged(recommendation=chosen, reason=why, revision=state.revision),
            ]
        )

    def on_extension(self, state: DeploymentRequest, why: Text) -> list[Any]:
        """None but in `extended`."""
        return []

    def on_hearing(self, state: DeploymentRequest, why: Text) -> list[Any]:
        """None but in `extended`."""
        return []

    def _settled(self, state: DeploymentRequest) -> Any:
        each = self.random.choice(state.decision.conditions if state.decision else ())
        if each.state is ConditionState.REPORTED:
            return self.random.choice([FulfilmentAccepted, FulfilmentSentBack])(condition=each.id, reason=self.text())
        return FulfilmentReported(condition=each.id, report=self.text())

    def _called(self, event: Any, series: str) -> Any:
        named: dict[str, Any] = {"force" if hasattr(event, "force") else "kind": Label(self.text().value or "")}
        if isinstance(event, RequestSubmitted):
            deciding = DECIDING if event.requesting_authority != DECIDING else CODES[0]
            named |= {"deciding_authority": deciding, "deliberations_internal": self.numbers % 3 != 0}
        return replace(super()._called(event, series), **named)

    def _item(self, made: list[Made], evolved: bool = False) -> AppendItem:
        item = super()._item(made, evolved)
        side = next((side for stream, event in made if (side := self._side(stream, event))), None)
        if side is None:
            return item
        author = replace(item.events[0].actor, authority=side)
        return replace(item, events=tuple(replace(each, actor=author) for each in item.events))

    def _side(self, stream: UUID, event: Any) -> AuthorityCode | None:
        """For whom its author acts, if it matters: who asks is of the requesting side, who withholds decides."""
        match event:
            case RequestSubmitted():
                return event.requesting_authority
            case ExtensionAsked():
                return AuthorityCode(self.states[stream].requesting_authority)
            case ReferralAnswered():
                return AuthorityCode(self.states[stream].referrals[-1].authority)
            case RequestWithheld():
                return AuthorityCode(self.states[stream].deciding_authority)
            case _:
                return None


def all_of(model: Model) -> set[str]:
    return {each for recorded in _shown(model) for each in (*_written(recorded, ()), *_names(recorded))}


def readable(model: Model, who: Actor) -> set[str]:
    """What the rules let somebody read, event by event."""
    viewer, found = model.viewer(who), set[str]()
    for recorded in _shown(model):
        state = model.now[recorded.stream]
        if _sees(viewer, recorded, state):
            withheld: tuple[str, ...] = ()
            if isinstance(state, DeploymentRequest) and not viewer.sees(state.deliberations.readers):
                withheld = internal_parts(state.deliberations, recorded.event, recorded.actor)
            found.update(_written(recorded, (*withheld, *COPIES)), _names(recorded))
    return found


def _shown(model: Model) -> Iterator[Recorded[Any]]:
    """The events that users are shown at all."""
    return (each for each in model.log if AGGREGATE_OF[type(each.event)] not in INTERNAL_AGGREGATES)


def _sees(viewer: Viewer, recorded: Recorded[Any], state: Any) -> bool:
    event = recorded.event
    if (audience := own_audience(event)) is not None:
        return viewer.sees(audience)
    if isinstance(event, OfEvidence):
        piece = next(each for each in state.evidence if each.id == event.evidence)
        return viewer.sees(state.audience) and viewer.sees(state.audience_of(piece))
    return not isinstance(state, DeploymentRequest | Incident) or viewer.sees(state.audience)


def _written(recorded: Recorded[Any], withheld: tuple[str, ...]) -> Iterator[str]:
    """The texts of an event, and who acted."""
    data = {name: value for name, value in payload(recorded.event).items() if name not in withheld}
    yield from SECRET.findall(json.dumps(data))
    if ACTOR not in withheld:
        for _, subject in recorded.actor.persons:
            yield from SECRET.findall(subject)


def _names(recorded: Recorded[Any]) -> Iterator[str]:
    """The ids and references that an event begins."""
    if (introduced := introduces(recorded)) is not None:
        yield str(introduced)
    if (reference := getattr(recorded.event, "reference", None)) is not None:
        yield from (str(recorded.stream), reference)
