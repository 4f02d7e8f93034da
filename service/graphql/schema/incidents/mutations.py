"""The commands on incidents."""

from typing import Annotated, Self

import strawberry

from domain.incident import commands
from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Context, Info
from service.graphql.schema.incidents.inputs import (
    AttributeIncidentInput,
    RecordEvidenceInput,
    ReferIncidentInput,
    ReportIncidentInput,
    RetractAttributionInput,
)
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    TransitionRefused,
    VersionConflict,
)
from service.graphql.schema.scalars import Position


@strawberry.type(
    description="The command was carried out: the incident as it stood after it. See requests for the rest."
)
class IncidentRecorded:
    outcome: strawberry.Private[CommandResult]
    incident: Incident
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        incident = Incident.of(outcome.state, context.loaders(outcome.position))
        return cls(outcome=outcome, incident=incident, position=Position(outcome.position))

    @strawberry.field(description="What was recorded for it.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        return part(
            await presentation.present_result(self.outcome, self.incident.loaders, self.incident), first, offset
        )


IncidentResult = Annotated[
    IncidentRecorded
    | InvalidInput
    | NotPermitted
    | NotFound
    | VersionConflict
    | TransitionRefused
    | IdempotencyConflict,
    strawberry.union("IncidentResult"),
]


async def _carry_out(info: Info, command: type[object], written: object, subject: str | None) -> IncidentResult:
    return await execute_command(info, command, written, IncidentRecorded.of, subject)


@strawberry.type
class IncidentMutations:
    @strawberry.mutation(description="By a requester, reviewer or investigator of a registered authority; anywhere.")
    async def report_incident(self, info: Info, input: ReportIncidentInput) -> IncidentResult:
        return await _carry_out(info, commands.ReportIncident, input, None)

    @strawberry.mutation(description="By whoever may report incidents and may see this one, in any status.")
    async def record_evidence(self, info: Info, input: RecordEvidenceInput) -> IncidentResult:
        return await _carry_out(info, commands.RecordEvidence, input, input.incident)

    @strawberry.mutation(
        description=(
            "By an investigator of the authority whose mandate covers the place: who was responsible, or that it "
            "cannot be told. It replaces the finding that stands."
        )
    )
    async def attribute_incident(self, info: Info, input: AttributeIncidentInput) -> IncidentResult:
        return await _carry_out(info, commands.AttributeIncident, input, input.incident)

    @strawberry.mutation(description="By the same: no finding stands any longer, and no earlier one returns.")
    async def retract_attribution(self, info: Info, input: RetractAttributionInput) -> IncidentResult:
        return await _carry_out(info, commands.RetractAttribution, input, input.incident)

    @strawberry.mutation(description="By the same, to an authority that is to act on it; each once.")
    async def refer_incident(self, info: Info, input: ReferIncidentInput) -> IncidentResult:
        return await _carry_out(info, commands.ReferIncident, input, input.incident)
