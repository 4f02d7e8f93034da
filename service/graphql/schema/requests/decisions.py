"""Types of holds, endorsements, conditions and decisions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.deployment_request import decision
from domain.deployment_request import state as domain
from domain.deployment_request.decision import ConditionState, DecisionOutcome, Standing
from domain.deployment_request.events import Recommendation
from domain.vocabulary import AnalyticConfidence, Likelihood
from domain.vocabulary import Period as DomainPeriod
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.incidents import types as incidents
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import optional_text, required_text
from service.graphql.schema.shown import reading, shown

if TYPE_CHECKING:
    from service.graphql.schema.incidents.types import Attribution, Incident


@strawberry.type(description="From start (inclusive) to end (exclusive).")
class Period:
    state: strawberry.Private[DomainPeriod]
    start: datetime = shown("state.start")
    end: datetime = shown("state.end")


@strawberry.type(description="Why a request is withheld, and what releases it.")
class Hold:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Hold]
    reason: str = shown(lambda of: required_text(of.state.reason))
    minimum_likelihood: Likelihood = shown(
        "state.threshold.likelihood",
        "The hold is released when every awaited incident has a finding with at least this likelihood and "
        "this confidence.",
    )
    minimum_confidence: AnalyticConfidence = shown("state.threshold.confidence")
    review_by: datetime | None = shown("state.review_by")
    overdue: bool = shown(lambda of: of.state.is_overdue(of.loaders.now), "Whether its review is past due.")
    held_since: datetime = shown("state.held_since")
    held_by: Actor = shown(lambda of: Actor.of(of.state.held_by, of.loaders))

    @strawberry.field(description="The awaited incidents that the viewer may see.")
    async def awaiting(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        return part(await incidents.visible_incidents(self.state.awaiting, self.loaders), first, offset)


@strawberry.type(description="A reviewer's recommendation, with the reason.")
class Endorsement:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Endorsement]
    request: strawberry.Private[domain.DeploymentRequest]
    by: Actor = shown(lambda of: Actor.of(of.state.by, of.loaders))
    recommendation: Recommendation = shown("state.recommendation")
    reason: str = shown(lambda of: required_text(of.state.reason))
    revision: int = shown("state.revision", "The revision of the terms that was reviewed.")
    endorsed_at: datetime = shown("state.endorsed_at")
    counts: bool = shown(
        lambda of: of.request.counts(of.state),
        "False once the terms are amended, or its author has changed it or recused themselves.",
    )


@strawberry.type(
    description="The notice to the requesting authority before a denial or a revocation, and its statement."
)
class Hearing:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Hearing]
    grounds: str = shown(lambda of: required_text(of.state.grounds), "Of the decision that was intended.")
    notice_at: datetime = shown("state.notice_at")
    notice_by: Actor = shown(lambda of: Actor.of(of.state.notice_by, of.loaders))
    until: datetime = shown("state.until", "By when a statement can be made.")
    statement: str | None = shown(lambda of: optional_text(of.state.statement))
    statement_at: datetime | None = shown("state.statement_at")
    urgency: str | None = shown(
        lambda of: optional_text(of.state.urgency),
        "Why it was decided before that; without an earlier notice, the decision and its reason are the notice.",
    )


@strawberry.type(description="That an approval is to end later; until it is granted or refused.")
class Extension:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Extension]
    request: strawberry.Private[domain.DeploymentRequest]
    until: datetime = shown("state.until", "When the approval is to end instead.")
    reason: str = shown(lambda of: required_text(of.state.reason))
    asked_at: datetime = shown("state.asked_at")
    asked_by: Actor = shown(lambda of: Actor.of(of.state.asked_by, of.loaders))

    @strawberry.field(
        description="In order of recording. Empty for those who may not read the endorsements of the request."
    )
    def endorsements(self, first: First = MANY, offset: Offset = 0) -> list[Endorsement]:
        found = part(self.state.endorsements, first, offset)
        return [Endorsement(state=each, request=self.request, loaders=self.loaders) for each in found]


@strawberry.type(description="A condition of an approval, and how far its fulfilment is.")
class Condition:
    loaders: strawberry.Private[Loaders]
    condition: strawberry.Private[decision.Condition]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.condition.id)))
    text: str = shown(lambda of: required_text(of.condition.text))
    due_by: datetime | None = shown("condition.due_by")
    fulfilled: bool = shown(
        "condition.is_fulfilled", "Whether its fulfilment is reported, and the report not sent back."
    )
    fulfilment_report: str | None = shown(lambda of: optional_text(of.condition.fulfilment_report))
    fulfilled_at: datetime | None = shown("condition.fulfilled_at")
    state: ConditionState = shown("condition.state")
    sent_back_reason: str | None = shown(
        lambda of: optional_text(of.condition.sent_back_reason),
        "Why its last report was sent back; null once reported again.",
    )
    accepted_at: datetime | None = shown("condition.accepted_at")
    accepted_by: Actor | None = shown(
        lambda of: of.condition.accepted_by and Actor.of(of.condition.accepted_by, of.loaders)
    )


@strawberry.type(description="The decision: outcome, author and grounds.")
class Decision:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[decision.Decision]
    outcome: DecisionOutcome = shown("state.outcome")
    reason: str = shown(lambda of: required_text(of.state.reason))
    decided_at: datetime = shown("state.decided_at")
    decided_by: Actor = shown(lambda of: Actor.of(of.state.decided_by, of.loaders))
    valid_until: datetime | None = shown("state.valid_until")
    granted_strength: int | None = shown(
        "state.granted_strength", "The granted strength, which may be less than requested; null for a denial."
    )
    granted_period: Period | None = shown(lambda of: of.state.granted_period and Period(state=of.state.granted_period))
    standing: Standing = shown("state.standing")

    @strawberry.field(
        description=(
            "The findings that the decision was based on, as they were then. Omits incidents and evidence that "
            "the viewer may not see."
        ),
        metadata=reading(of="Incident"),
    )
    async def grounds(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Attribution", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        found = await incidents.findings(self.state.grounds, self.state.position, self.loaders)
        return part(found, first, offset)

    @strawberry.field(
        description="The conditions of an approval.", metadata=reading("decision.conditions", of="DeploymentRequest")
    )
    def conditions(self, first: First = MANY, offset: Offset = 0) -> list[Condition]:
        return [Condition(condition=each, loaders=self.loaders) for each in part(self.state.conditions, first, offset)]
