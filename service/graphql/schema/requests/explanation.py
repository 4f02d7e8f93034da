"""Explanation of a request's status and possible next actions, from the lifecycle table."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from domain.decider import Outlook, Verdict
from domain.deployment_request.lifecycle import outlooks
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.visibility import reads_deliberations
from service.graphql.execution.field_charges import RULES
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.requests import actions
from service.graphql.schema.requests.actions import RequestAction

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import RecordedEvent

LazyRecordedEvent = Annotated["RecordedEvent", strawberry.lazy("service.graphql.schema.audit_trail.types")]
Events = dict[int, "RecordedEvent"]


@strawberry.type(
    description=(
        "One rule, e.g. ENDORSEMENTS: '1 of 2 endorsements of revision 3'. An action is impossible while one "
        "of its rules is not met; exception: a reviewer may resume the review before the awaited findings "
        "exist."
    )
)
class RuleCheck:
    rule: str
    description: str
    met: bool
    subject: str | None = strawberry.field(description="The incident, condition or person that the rule is about.")
    rests: strawberry.Private[list["RecordedEvent"]]

    @strawberry.field(description="The events that the result is based on.")
    def rests_on(self, first: First = MANY, offset: Offset = 0) -> list[LazyRecordedEvent]:
        return part(self.rests, first, offset)

    @classmethod
    def of(cls, verdict: Verdict, events: Events) -> Self:
        return cls(
            rule=verdict.rule,
            description=verdict.description,
            met=verdict.met,
            subject=verdict.subject,
            rests=_select(verdict.rests_on, events),
        )


@strawberry.type(
    description="One action of the current status: whether anybody could take it, and whether the viewer could."
)
class ActionOutlook:
    action: RequestAction
    possible: bool
    available_to_viewer: bool
    rules: list[RuleCheck]

    @classmethod
    def of(cls, outlook: Outlook, events: Events) -> Self:
        return cls(
            action=RequestAction(outlook.action),
            possible=outlook.possible,
            available_to_viewer=outlook.available,
            rules=[RuleCheck.of(verdict, events) for verdict in outlook.verdicts],
        )


@strawberry.type(
    description="The rules that decide what may happen to a request; commands are checked against the same rules."
)
class Explanation:
    status: RequestStatus
    led_here: strawberry.Private[list["RecordedEvent"]]
    actions: list[ActionOutlook]

    @strawberry.field(description="The events that led to the current status.")
    def because(self, first: First = MANY, offset: Offset = 0) -> list[LazyRecordedEvent]:
        return part(self.led_here, first, offset)


async def explain(request: DeploymentRequest, loaders: Loaders) -> Explanation:
    """Evaluates the rules as of the loaders' instant. Incidents are shown as far as the viewer may see them now."""
    named = await loaders.incidents.load_many(request.concerns)
    seen = frozenset(incident.id for incident in named if incident is not None)
    deliberations = reads_deliberations(await loaders.viewer(), request)
    found = await actions.evaluate(
        request, loaders, lambda context: outlooks(request, replace(context, deliberations=deliberations)), seen
    )
    positions = {position for outlook in found for verdict in outlook.verdicts for position in verdict.rests_on}
    events = await _events({*positions, *request.led_here}, loaders)
    await loaders.pace.point(RULES)
    return Explanation(
        status=request.status,
        led_here=_select(request.led_here, events),
        actions=[ActionOutlook.of(outlook, events) for outlook in found],
    )


async def _events(positions: Iterable[int], loaders: Loaders) -> Events:
    entries = [entry for entry in await loaders.events.load_many(positions) if entry is not None]
    return {
        entry.position: event
        for entry, event in zip(entries, await presentation.present_entries(entries, loaders), strict=True)
    }


def _select(positions: Iterable[int], events: Events) -> list["RecordedEvent"]:
    return [events[position] for position in positions if position in events]
