"""Commands on incidents."""

from typing import Annotated, Self

import strawberry

from domain.incident import commands, correction, evidence, proposed_correction, referral
from domain.incident.lifecycle import Command
from domain.incident.state import Incident as DomainIncident
from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Context, Info
from service.graphql.schema.incidents.inputs import (
    AnswerReferralInput,
    AttributeIncidentInput,
    CorrectIncidentInput,
    DissentInput,
    RecordEvidenceInput,
    ReferIncidentInput,
    RegradeEvidenceInput,
    ReportIncidentInput,
    RetractAttributionInput,
    SettleCorrectionInput,
    WithdrawEvidenceInput,
)
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.input_fields import ChangeMarkingInput, CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import AnyRefusal
from service.graphql.schema.scalars import Position


@strawberry.type(
    description=(
        "The command was executed: the incident as it was after it. See DeploymentRequestRecorded for the details."
    )
)
class IncidentRecorded:
    outcome: strawberry.Private[CommandResult]
    incident: Incident
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        assert isinstance(outcome.state, DomainIncident)
        loaders = context.loaders(outcome.position)
        incident = Incident.of(outcome.state, loaders, is_past=outcome.repeated)
        return cls(outcome=outcome, incident=incident, position=Position(outcome.position))

    @strawberry.field(description="The events that the command recorded.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        return part(
            await presentation.present_result(self.outcome, self.incident.loaders, self.incident), first, offset
        )


IncidentResult = Annotated[IncidentRecorded | AnyRefusal, strawberry.union("IncidentResult")]


async def _execute(info: Info, command: type[Command], sent: CommandInput, subject: str | None) -> IncidentResult:
    return await execute_command(info, command, sent, IncidentRecorded.of, subject)


@strawberry.type
class IncidentMutations:
    @strawberry.mutation(
        description="By a requester, reviewer or investigator of a registered authority, for any region."
    )
    async def report_incident(self, info: Info, input: ReportIncidentInput) -> IncidentResult:
        return await _execute(info, commands.ReportIncident, input, None)

    @strawberry.mutation(
        description="By the person who reported it, or an investigator of the authority whose mandate covers the "
        "region. The old values stay on record."
    )
    async def correct_incident(self, info: Info, input: CorrectIncidentInput) -> IncidentResult:
        return await _execute(info, correction.CorrectIncident, input, input.incident)

    @strawberry.mutation(
        description="By others who may report incidents and see this one. Whoever sees the incident sees the proposal."
    )
    async def propose_correction(self, info: Info, input: CorrectIncidentInput) -> IncidentResult:
        return await _execute(info, proposed_correction.ProposeCorrection, input, input.incident)

    @strawberry.mutation(
        description="By whoever may correct the incident. It is not accepted if what it names has changed since."
    )
    async def settle_correction(self, info: Info, input: SettleCorrectionInput) -> IncidentResult:
        return await _execute(info, proposed_correction.SettleCorrection, input, input.incident)

    @strawberry.mutation(description="By anyone who may report incidents and see this one, in any status.")
    async def record_evidence(self, info: Info, input: RecordEvidenceInput) -> IncidentResult:
        return await _execute(info, commands.RecordEvidence, input, input.incident)

    @strawberry.mutation(
        description="By the person who recorded the evidence, or an investigator of the authority whose mandate covers "
        "the region."
    )
    async def regrade_evidence(self, info: Info, input: RegradeEvidenceInput) -> IncidentResult:
        return await _execute(info, evidence.RegradeEvidence, input, input.incident)

    @strawberry.mutation(
        description="By the same persons. A finding that rests on it is then to be reaffirmed: the register withholds "
        "what it released on it, and questions approvals that rest on it."
    )
    async def withdraw_evidence(self, info: Info, input: WithdrawEvidenceInput) -> IncidentResult:
        return await _execute(info, evidence.WithdrawEvidence, input, input.incident)

    @strawberry.mutation(
        description=(
            "By an investigator of the authority whose mandate covers the region: who was responsible, or that "
            "this cannot be determined. Replaces the current finding, and then states what changed and why."
        )
    )
    async def attribute_incident(self, info: Info, input: AttributeIncidentInput) -> IncidentResult:
        return await _execute(info, commands.AttributeIncident, input, input.incident)

    @strawberry.mutation(
        description="By another investigator of that authority than the one who made the finding that stands. It is "
        "recorded beside the finding, and releases nothing."
    )
    async def dissent_from_finding(self, info: Info, input: DissentInput) -> IncidentResult:
        return await _execute(info, commands.DissentFromFinding, input, input.incident)

    @strawberry.mutation(
        description="By an investigator of that authority. The incident then has no finding; no earlier one returns."
    )
    async def retract_attribution(self, info: Info, input: RetractAttributionInput) -> IncidentResult:
        return await _execute(info, commands.RetractAttribution, input, input.incident)

    @strawberry.mutation(
        description="By an investigator of that authority, to an authority that is to act on it; once per authority. "
        "Before the incident is attributed, to another authority, if the hold of a request awaits a finding."
    )
    async def refer_incident(self, info: Info, input: ReferIncidentInput) -> IncidentResult:
        return await _execute(info, referral.ReferIncident, input, input.incident)

    @strawberry.mutation(
        description="By a requester, reviewer or investigator of an authority to which the incident is referred; once. "
        "It is no finding, and releases nothing."
    )
    async def answer_referral(self, info: Info, input: AnswerReferralInput) -> IncidentResult:
        return await _execute(info, referral.AnswerReferral, input, input.incident)

    @strawberry.mutation(
        description="Raised by an investigator of the authority whose mandate covers the place; lowered by an approver "
        "of that authority, after the reporting side proposed it."
    )
    async def change_incident_marking(self, info: Info, input: ChangeMarkingInput) -> IncidentResult:
        return await _execute(info, commands.ChangeIncidentMarking, input, input.id)
