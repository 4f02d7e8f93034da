"""The commands on a deployment request, each followed by the function that returns its events."""

from dataclasses import dataclass
from datetime import datetime

from domain import jurisdiction, number_series
from domain.decider import Context
from domain.deployment_request import events
from domain.deployment_request.events import Event, Recommendation
from domain.deployment_request.grounds import current_grounds, fallen
from domain.deployment_request.state import DeploymentRequest
from domain.markings import recipients_problems
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import (
    AnalyticConfidence,
    ConditionId,
    IncidentId,
    Label,
    Likelihood,
    Marking,
    Period,
    Region,
    Strength,
    Subject,
    Text,
    derived_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    force: Label
    strength: Strength
    region: Region
    purpose: Text
    period: Period
    incidents: tuple[IncidentId, ...] = ()
    marking: Marking = Marking.AMBER
    recipients: tuple[Subject, ...] = ()

    def problems(self) -> Problems:
        yield from recipients_problems(self.marking, self.recipients)


def submit(command: SubmitRequest, request: DeploymentRequest | None, context: Context) -> tuple[Event, ...]:
    """The holder of the nearest mandate over the region decides. Raises ValueError if no mandate covers it."""
    mandate = jurisdiction.deciding_mandate(context, command.region)
    if mandate is None:
        raise ValueError(f"no mandate covers {command.region}")
    return (
        events.RequestSubmitted(
            reference=number_series.next_reference(context, series(context)),
            requesting_authority=context.actor.authority,
            deciding_authority=mandate.authority,
            endorsements_required=mandate.endorsements_required,
            force=command.force,
            strength=command.strength,
            region=command.region,
            purpose=command.purpose,
            period=command.period,
            incidents=tuple(dict.fromkeys(command.incidents)),
            marking=command.marking,
            recipients=tuple(dict.fromkeys(command.recipients)),
            deliberations_internal=mandate.deliberations_internal,
            answer_within_days=mandate.answer_within_days,
            hearing=mandate.hearing,
        ),
    )


def series(context: Context) -> str:
    """The number series for requests of the actor's authority in the current year."""
    return number_series.series(context.actor.authority, context.now.year)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest:
    """None keeps a field unchanged."""

    force: Label | None = None
    strength: Strength | None = None
    region: Region | None = None
    purpose: Text | None = None
    period: Period | None = None
    incidents: tuple[IncidentId, ...] | None = None
    reason: Text

    def problems(self) -> Problems:
        named = (self.force, self.strength, self.region, self.purpose, self.period, self.incidents)
        if all(value is None for value in named):
            yield FieldProblem(
                path="force",
                message="Name at least one of force, strength, region, purpose, period and incidents to amend.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawRequest:
    reason: Text


def withdraw(command: WithdrawRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.RequestWithdrawn(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginReview:
    reason: Text


def begin_review(command: BeginReview, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ReviewBegun(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithholdRequest:
    reason: Text
    awaiting: tuple[IncidentId, ...]
    minimum_likelihood: Likelihood = Likelihood.LIKELY
    minimum_confidence: AnalyticConfidence = AnalyticConfidence.MODERATE
    review_by: datetime | None = None

    def problems(self) -> Problems:
        if not self.awaiting:
            yield FieldProblem(path="awaiting", message="Name at least one incident whose attribution is awaited.")


def withhold(command: WithholdRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (
        events.RequestWithheld(
            reason=command.reason,
            awaiting=tuple(dict.fromkeys(command.awaiting)),
            minimum_likelihood=command.minimum_likelihood,
            minimum_confidence=command.minimum_confidence,
            review_by=command.review_by,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeReview:
    reason: Text


def resume_review(command: ResumeReview, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    awaited = request.hold.awaiting if request.hold and context.actor.is_system else ()
    return (events.ReviewResumed(reason=command.reason, grounds=current_grounds(context, awaited)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorseRequest:
    recommendation: Recommendation
    reason: Text


def endorse(command: EndorseRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (
        events.RequestEndorsed(recommendation=command.recommendation, reason=command.reason, revision=request.revision),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecuseReviewer:
    reason: Text


def recuse(command: RecuseReviewer, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ReviewerRecused(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCondition:
    text: Text
    due_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRequest:
    """strength, period: as granted; None grants what was requested."""

    reason: Text
    strength: Strength | None = None
    period: Period | None = None
    conditions: tuple[NewCondition, ...] = ()
    valid_until: datetime | None = None


def approve(command: ApproveRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    prefix = (str(request.id), str(request.version + 1))
    return (
        events.RequestApproved(
            reason=command.reason,
            strength=command.strength if command.strength is not None else request.strength,
            period=command.period or request.period,
            conditions=tuple(
                events.ConditionSet(
                    id=ConditionId(derived_id("condition", *prefix, str(index))),
                    text=condition.text,
                    due_by=condition.due_by,
                )
                for index, condition in enumerate(command.conditions)
            ),
            valid_until=command.valid_until,
            grounds=current_grounds(context, request.incidents),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyRequest:
    """urgency: why the requesting side cannot be heard before, if it has to be."""

    reason: Text
    urgency: Text | None = None


def deny(command: DenyRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    grounds = current_grounds(context, request.incidents)
    return (events.RequestDenied(reason=command.reason, grounds=grounds, urgency=command.urgency),)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionApproval:
    """Only the register: flags an approval whose grounds fell."""

    reason: Text


def question(command: QuestionApproval, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (
        events.ApprovalQuestioned(
            reason=command.reason, incidents=tuple(fall.ground.incident for fall in fallen(context, request))
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmApproval:
    reason: Text


def confirm(command: ConfirmApproval, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ApprovalConfirmed(reason=command.reason, grounds=current_grounds(context, request.incidents)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApproval:
    """urgency: as in DenyRequest."""

    reason: Text
    urgency: Text | None = None


def revoke(command: RevokeApproval, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ApprovalRevoked(reason=command.reason, urgency=command.urgency),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireApproval:
    """Only the register: ends an approval when its time has passed."""

    reason: Text


def expire(command: ExpireApproval, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ApprovalExpired(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFulfilment:
    condition: ConditionId
    report: Text


def report_fulfilment(command: ReportFulfilment, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.FulfilmentReported(condition=command.condition, report=command.report),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkOnRequest:
    reason: Text
    internal: bool = False


def remark(command: RemarkOnRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.RequestRemarked(reason=command.reason, internal=command.internal),)
