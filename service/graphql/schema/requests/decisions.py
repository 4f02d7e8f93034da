"""Types of holds, endorsements, conditions and decisions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.deployment_request import state as domain
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import DecisionOutcome, Standing
from domain.vocabulary import AnalyticConfidence, Likelihood
from domain.vocabulary import Period as DomainPeriod
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.incidents import types as incidents
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import optional_text, required_text
from service.graphql.schema.shown import shown

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
        "False once the terms are amended or the author has recused themselves.",
    )


@strawberry.type(description="A condition of an approval, and whether its fulfilment was reported.")
class Condition:
    state: strawberry.Private[domain.Condition]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
    text: str = shown(lambda of: required_text(of.state.text))
    due_by: datetime | None = shown("state.due_by")
    fulfilled: bool = shown("state.is_fulfilled")
    fulfilment_report: str | None = shown(lambda of: optional_text(of.state.fulfilment_report))
    fulfilled_at: datetime | None = shown("state.fulfilled_at")


@strawberry.type(description="The decision: outcome, author and grounds.")
class Decision:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Decision]
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
        )
    )
    async def grounds(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Attribution", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        found = await incidents.findings(self.state.grounds, self.state.position, self.loaders)
        return part(found, first, offset)

    @strawberry.field(description="The conditions of an approval.")
    def conditions(self, first: First = MANY, offset: Offset = 0) -> list[Condition]:
        return [Condition(state=each) for each in part(self.state.conditions, first, offset)]
