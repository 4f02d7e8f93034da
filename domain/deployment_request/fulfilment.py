"""How the deciding authority settles a reported fulfilment: the commands, and what they are checked against."""

from dataclasses import dataclass

from domain.decider import Context, Verdict
from domain.deployment_request import events
from domain.deployment_request.decision import Condition, ConditionState
from domain.deployment_request.events import Event
from domain.deployment_request.state import DeploymentRequest
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import ConditionId, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptFulfilment:
    condition: ConditionId
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBackFulfilment:
    condition: ConditionId
    reason: Text


def accept(command: AcceptFulfilment, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.FulfilmentAccepted(condition=command.condition, reason=command.reason),)


def send_back(command: SendBackFulfilment, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.FulfilmentSentBack(condition=command.condition, reason=command.reason),)


def has_reported_conditions(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
    """A condition of the approval is reported as fulfilled, and the report is neither accepted nor sent back."""
    reported = [each for each in _conditions(request) if each.state is ConditionState.REPORTED]
    waiting = f"Reports of fulfilment that are neither accepted nor sent back: {len(reported)}."
    return (
        Verdict(
            rule="REPORTED",
            met=bool(reported),
            description=waiting if reported else f"No report of fulfilment waits for {request.deciding_authority}.",
            rests_on=(request.decision.position,) if request.decision else (),
        ),
    )


def condition_is_reported(
    command: AcceptFulfilment | SendBackFulfilment, request: DeploymentRequest, context: Context
) -> Problems:
    """The condition belongs to the approval, and its report is neither accepted nor sent back."""
    found = next((each for each in _conditions(request) if each.id == command.condition), None)
    if found is None:
        yield FieldProblem(path="condition", message=f"The decision has no condition {command.condition}.")
    elif found.state is not ConditionState.REPORTED:
        yield FieldProblem(path="condition", message=_SETTLED[found.state])


def _conditions(request: DeploymentRequest) -> tuple[Condition, ...]:
    return request.decision.conditions if request.decision else ()


_SETTLED = {
    ConditionState.OPEN: "Its fulfilment has not been reported.",
    ConditionState.ACCEPTED: "Its fulfilment has already been accepted.",
    ConditionState.SENT_BACK: "Its fulfilment has been sent back, and not been reported again.",
}
