"""The lifecycle table of a deployment request: each step, its statuses, permission, conditions and events."""

from dataclasses import replace

from domain import authority, number_series
from domain.decider import Context, Opening, Outlook, Step, explain
from domain.deployment_request import checks, commands, rules
from domain.deployment_request.permission import (
    THE_REGISTER,
    by,
    deciding,
    either,
    internal_is_the_deciders,
    requesting,
)
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.limits import room_for
from domain.vocabulary import Role

SUBMITTED = RequestStatus.SUBMITTED
UNDER_REVIEW = RequestStatus.UNDER_REVIEW
WITHHELD = RequestStatus.WITHHELD_PENDING_ATTRIBUTION
APPROVED = RequestStatus.APPROVED
DENIED = RequestStatus.DENIED
WITHDRAWN = RequestStatus.WITHDRAWN
REVOKED = RequestStatus.REVOKED
EXPIRED = RequestStatus.EXPIRED

ANOTHER = "submit another request for what follows"

UNDECIDED = frozenset({SUBMITTED, UNDER_REVIEW, WITHHELD})

requester = by(Role.REQUESTER, of=requesting)
reviewer = by(Role.REVIEWER, of=deciding, disinterested=True)
reviewer_or_register = by(Role.REVIEWER, of=deciding, disinterested=True, or_the_register=True)
reviewer_or_approver = by(Role.REVIEWER, Role.APPROVER, of=deciding, disinterested=True)
approver = by(Role.APPROVER, of=deciding, disinterested=True)
participant = by(Role.REQUESTER, Role.REVIEWER, Role.APPROVER, of=either, recused_too=True)

OPENINGS = (
    Opening(
        command=commands.SubmitRequest,
        permits=authority.by_registered(Role.REQUESTER),
        checks=(checks.region_has_a_decider, checks.period_lies_ahead, checks.incidents_can_be_named),
        record=commands.submit,
        numbered_by=lambda context: number_series.stream_of(commands.series(context)),
    ),
)

STEPS = (
    Step(
        action="AMEND",
        command=commands.AmendRequest,
        states=UNDECIDED,
        by=requester,
        conditions=(room_for(lambda request: request.revision - 1, "amendments", ANOTHER),),
        checks=(
            checks.period_lies_ahead,
            checks.amended_incidents_can_be_named,
            checks.keeps_what_a_hold_awaits,
        ),
        record=commands.amend,
    ),
    Step(
        action="WITHDRAW",
        command=commands.WithdrawRequest,
        states=UNDECIDED,
        leads_to=(WITHDRAWN,),
        by=requester,
        record=commands.withdraw,
    ),
    Step(
        action="BEGIN_REVIEW",
        command=commands.BeginReview,
        states=frozenset({SUBMITTED}),
        leads_to=(UNDER_REVIEW,),
        by=reviewer,
        record=commands.begin_review,
    ),
    Step(
        action="WITHHOLD",
        command=commands.WithholdRequest,
        states=frozenset({UNDER_REVIEW}),
        leads_to=(WITHHELD,),
        by=reviewer_or_register,
        conditions=(rules.release_is_lost, room_for(lambda request: request.holds, "holds", "decide it")),
        checks=(
            checks.awaited_incidents_are_seen,
            checks.awaits_what_is_open,
            checks.incidents_fit,
            checks.review_lies_ahead,
        ),
        record=commands.withhold,
    ),
    Step(
        action="RESUME_REVIEW",
        command=commands.ResumeReview,
        states=frozenset({WITHHELD}),
        leads_to=(UNDER_REVIEW,),
        by=reviewer_or_register,
        conditions=(rules.hold_is_met,),
        record=commands.resume_review,
    ),
    Step(
        action="ENDORSE",
        command=commands.EndorseRequest,
        states=frozenset({UNDER_REVIEW}),
        by=reviewer,
        conditions=(
            rules.has_not_endorsed,
            room_for(lambda request: len(request.endorsements), "endorsements", "decide it"),
        ),
        record=commands.endorse,
    ),
    Step(
        action="RECUSE",
        command=commands.RecuseReviewer,
        states=UNDECIDED,
        by=reviewer_or_approver,
        conditions=(room_for(lambda request: len(request.recusals), "recusals", "take no part in it"),),
        record=commands.recuse,
    ),
    Step(
        action="APPROVE",
        command=commands.ApproveRequest,
        states=frozenset({UNDER_REVIEW}),
        leads_to=(APPROVED,),
        by=approver,
        conditions=(rules.mandate_covers, rules.period_lies_ahead, rules.is_endorsed),
        checks=(checks.grants_no_more_than_asked, checks.grants_what_lies_ahead),
        record=commands.approve,
    ),
    Step(
        action="DENY",
        command=commands.DenyRequest,
        states=frozenset({UNDER_REVIEW, WITHHELD}),
        leads_to=(DENIED,),
        by=approver,
        record=commands.deny,
    ),
    Step(
        action="CONFIRM",
        command=commands.ConfirmApproval,
        states=frozenset({APPROVED}),
        by=approver,
        conditions=(rules.is_questioned,),
        record=commands.confirm,
    ),
    Step(
        action="REVOKE",
        command=commands.RevokeApproval,
        states=frozenset({APPROVED}),
        leads_to=(REVOKED,),
        by=approver,
        record=commands.revoke,
    ),
    Step(
        action="REPORT_FULFILMENT",
        command=commands.ReportFulfilment,
        states=frozenset({APPROVED, REVOKED, EXPIRED}),
        by=requester,
        conditions=(rules.has_open_conditions,),
        checks=(checks.condition_is_open,),
        record=commands.report_fulfilment,
    ),
    Step(
        action="REMARK",
        command=commands.RemarkOnRequest,
        states=frozenset(RequestStatus),
        by=participant,
        conditions=(room_for(lambda request: request.remarks, "remarks", ANOTHER),),
        permits=(internal_is_the_deciders,),
        record=commands.remark,
    ),
    Step(
        action="QUESTION",
        command=commands.QuestionApproval,
        states=frozenset({APPROVED}),
        by=THE_REGISTER,
        conditions=(rules.grounds_fell,),
        record=commands.question,
        offered=False,
    ),
    Step(
        action="EXPIRE",
        command=commands.ExpireApproval,
        states=frozenset({APPROVED}),
        leads_to=(EXPIRED,),
        by=THE_REGISTER,
        conditions=(rules.time_has_passed,),
        record=commands.expire,
        offered=False,
    ),
)

Command = (
    commands.SubmitRequest
    | commands.AmendRequest
    | commands.WithdrawRequest
    | commands.BeginReview
    | commands.WithholdRequest
    | commands.ResumeReview
    | commands.EndorseRequest
    | commands.RecuseReviewer
    | commands.ApproveRequest
    | commands.DenyRequest
    | commands.QuestionApproval
    | commands.ConfirmApproval
    | commands.RevokeApproval
    | commands.ExpireApproval
    | commands.ReportFulfilment
    | commands.RemarkOnRequest
)

ABOUT_THE_PERSON = frozenset({"RECUSED", "INTERESTED", "ENDORSED_ONCE"})
"""Rules about the acting person."""


def outlooks(request: DeploymentRequest, context: Context) -> tuple[Outlook, ...]:
    """Each action of the current status, with the results of its rules.

    For the operator, who acts as the register: those of a person with every permission, without the rules about the
    person.
    """
    if not context.actor.is_system:
        return explain(STEPS, request, context)
    return tuple(
        replace(outlook, verdicts=tuple(each for each in outlook.verdicts if each.rule not in ABOUT_THE_PERSON))
        for step in STEPS
        for outlook in explain((step,), request, context.as_actor(step.by.somebody(request, context)))
    )
