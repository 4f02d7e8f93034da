"""The change of an endorsement: the command, and the rules that it is checked against."""

from dataclasses import dataclass, replace

from domain.decider import Context, Verdict
from domain.deployment_request import ballot, events
from domain.deployment_request.events import Event, Recommendation
from domain.deployment_request.permission import reviewer
from domain.deployment_request.state import DeploymentRequest, Endorsement
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEndorsement:
    """In place of the person's endorsement of the current revision, which stays on record and counts no longer."""

    recommendation: Recommendation
    reason: Text


def change(command: ChangeEndorsement, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (
        events.EndorsementChanged(
            recommendation=command.recommendation, reason=command.reason, revision=request.revision
        ),
    )


def an_endorser(request: DeploymentRequest, context: Context) -> Actor:
    """Somebody whose endorsement counts, else any reviewer."""
    counted = (each.by for each in request.endorsements if request.counts(each))
    return next(counted, reviewer.somebody(request, context))


ENDORSER = replace(reviewer, somebody=an_endorser)


def has_endorsed(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
    """The person has endorsed this revision."""
    if not context.deliberations:
        number = request.endorsements_counted
        text = f"Endorsements of revision {request.revision} that their authors can change: {number}."
        return (Verdict(rule="ENDORSED", met=number > 0, description=text, rests_on=(request.revised_at,)),)
    own = _own(request, context)
    text = f"{ballot.endorsed(context.actor, bool(own))} revision {request.revision}"
    rest = "each changes their own" if len(own) > 1 else "only an endorsement of the current revision can be changed"
    return (
        Verdict(
            rule="ENDORSED",
            met=len(own) == 1,
            description=f"{text}: {rest}.",
            rests_on=tuple(endorsement.position for endorsement in own),
        ),
    )


def differs(command: ChangeEndorsement, request: DeploymentRequest, context: Context) -> Problems:
    """The recommendation or the reason is another one."""
    given = (command.recommendation, command.reason)
    if any((each.recommendation, each.reason) == given for each in _own(request, context)):
        yield FieldProblem(
            path="recommendation", message="You recommend this already, for the same reason: change one of the two."
        )


def _own(request: DeploymentRequest, context: Context) -> list[Endorsement]:
    return [each for each in request.endorsements if request.counts(each) and each.is_of(context.actor)]
