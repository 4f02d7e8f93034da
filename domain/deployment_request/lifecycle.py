"""The lifecycle table of a deployment request: each step, its statuses, permission, conditions and events."""

from dataclasses import replace

from domain import authority, number_series, region
from domain.decider import THE_REGISTER, Context, Opening, Outlook, Step, explain
from domain.deployment_request import (
    amendment,
    approval_steps,
    assignment,
    awaited,
    changed_endorsement,
    commands,
    extension,
    fulfilment,
    hearing,
    hearing_steps,
    input_checks,
    marking,
    rules,
    succession,
)
from domain.deployment_request.permission import (
    approver,
    internal_is_the_deciders,
    participant,
    requester,
    reviewer,
    reviewer_or_approver,
    reviewer_or_register,
    successor,
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

ANOTHER = "submit another request for what follows"

UNDECIDED = frozenset({SUBMITTED, UNDER_REVIEW, WITHHELD})

OPENINGS = (
    Opening(
        command=commands.SubmitRequest,
        permits=authority.by_registered(Role.REQUESTER),
        checks=(
            region.is_known,
            input_checks.region_has_a_decider,
            input_checks.period_lies_ahead,
            input_checks.incidents_can_be_named,
            marking.red_has_a_decider,
        ),
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
            input_checks.period_lies_ahead,
            amendment.region_is_known,
            amendment.same_authority_decides,
            amendment.incidents_can_be_named,
            amendment.keeps_what_a_hold_awaits,
        ),
        record=amendment.amend,
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
        awaited=awaited.REVIEW_TO_BEGIN,
    ),
    Step(
        action="WITHHOLD",
        command=commands.WithholdRequest,
        states=frozenset({UNDER_REVIEW}),
        leads_to=(WITHHELD,),
        by=reviewer_or_register,
        conditions=(rules.release_is_lost, room_for(lambda request: request.holds, "holds", "decide it")),
        checks=(
            input_checks.awaited_incidents_are_seen,
            input_checks.awaits_what_is_open,
            input_checks.incidents_fit,
            input_checks.review_lies_ahead,
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
        awaited=awaited.HOLD_TO_REVIEW,
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
        awaited=awaited.ENDORSEMENT,
    ),
    Step(
        action="CHANGE_ENDORSEMENT",
        command=changed_endorsement.ChangeEndorsement,
        states=frozenset({UNDER_REVIEW, WITHHELD}),
        by=changed_endorsement.ENDORSER,
        conditions=(
            changed_endorsement.has_endorsed,
            room_for(lambda request: len(request.endorsements), "endorsements", "decide it"),
        ),
        checks=(changed_endorsement.differs,),
        record=changed_endorsement.change,
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
        action="ASSIGN",
        command=assignment.AssignRequest,
        states=UNDECIDED,
        by=reviewer_or_approver,
        conditions=(room_for(lambda request: request.assignments, "assignments", "decide it"),),
        checks=(assignment.assignee_can_review,),
        record=assignment.assign,
    ),
    Step(
        action="APPROVE",
        command=commands.ApproveRequest,
        states=frozenset({UNDER_REVIEW}),
        leads_to=(APPROVED,),
        by=approver,
        conditions=(rules.mandate_covers, rules.period_lies_ahead, rules.is_endorsed),
        checks=(input_checks.grants_no_more_than_asked, input_checks.grants_what_lies_ahead),
        record=commands.approve,
        awaited=awaited.APPROVAL,
    ),
    Step(
        action="DENY",
        command=commands.DenyRequest,
        states=frozenset({UNDER_REVIEW, WITHHELD}),
        leads_to=(DENIED,),
        by=approver,
        conditions=(succession.nobody_succeeds, hearing.is_heard),
        checks=(hearing.urgency_is_stated,),
        record=commands.deny,
        awaited=awaited.DENIAL,
    ),
    Step(
        action="NAME_SUCCESSOR",
        command=succession.NameSuccessor,
        states=UNDECIDED,
        by=THE_REGISTER,
        conditions=(succession.is_to_be_named,),
        record=succession.name,
        offered=False,
    ),
    Step(
        action="TAKE_OVER",
        command=succession.TakeOverRequest,
        states=UNDECIDED,
        leads_to=(SUBMITTED,),
        by=successor,
        conditions=(succession.is_named, succession.mandate_covers),
        record=succession.take_over,
        awaited=awaited.SUCCESSION,
    ),
    *hearing_steps.STEPS,
    *approval_steps.STEPS,
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
        action="CHANGE_MARKING",
        command=marking.ChangeRequestMarking,
        states=frozenset(RequestStatus),
        by=marking.EITHER_SIDE,
        permits=(marking.is_permitted,),
        demands=(marking.proposal_fits, marking.lowering_is_proposed),
        checks=(marking.changes_something, marking.red_keeps_a_decider),
        record=marking.change,
        awaited=marking.PROPOSAL,
        unseen=marking.is_named,
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
    | changed_endorsement.ChangeEndorsement
    | commands.RecuseReviewer
    | assignment.AssignRequest
    | commands.ApproveRequest
    | commands.DenyRequest
    | commands.QuestionApproval
    | commands.ConfirmApproval
    | commands.RevokeApproval
    | commands.ExpireApproval
    | commands.ReportFulfilment
    | succession.NameSuccessor
    | succession.TakeOverRequest
    | hearing.GiveNotice
    | hearing.MakeStatement
    | extension.AskExtension
    | extension.EndorseExtension
    | extension.GrantExtension
    | extension.RefuseExtension
    | fulfilment.AcceptFulfilment
    | fulfilment.SendBackFulfilment
    | commands.RemarkOnRequest
    | marking.ChangeRequestMarking
)

ABOUT_THE_PERSON = frozenset({"RECUSED", "INTERESTED", "ENDORSED_ONCE", "ENDORSED"})
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
