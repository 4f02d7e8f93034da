"""The lifecycle table of a deployment request: each step, its statuses, permission, conditions and events."""

from domain import authority, number_series
from domain.decider import Opening, Step
from domain.deployment_request import checks, rules
from domain.deployment_request.commands import (
    AmendRequest,
    ApproveRequest,
    BeginReview,
    ConfirmApproval,
    DenyRequest,
    EndorseRequest,
    ExpireApproval,
    QuestionApproval,
    RecuseReviewer,
    RemarkOnRequest,
    ReportFulfilment,
    ResumeReview,
    RevokeApproval,
    SubmitRequest,
    WithdrawRequest,
    WithholdRequest,
    amend,
    approve,
    begin_review,
    confirm,
    deny,
    endorse,
    expire,
    question,
    recuse,
    remark,
    report_fulfilment,
    resume_review,
    revoke,
    series,
    submit,
    withdraw,
    withhold,
)
from domain.deployment_request.permission import (
    THE_REGISTER,
    by,
    deciding,
    either,
    internal_is_the_deciders,
    requesting,
)
from domain.deployment_request.state import RequestStatus
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
        command=SubmitRequest,
        permits=authority.by_registered(Role.REQUESTER),
        checks=(checks.region_has_a_decider, checks.period_lies_ahead, checks.incidents_can_be_named),
        record=submit,
        numbered_by=lambda context: number_series.stream_of(series(context)),
    ),
)

STEPS = (
    Step(
        action="AMEND",
        command=AmendRequest,
        states=UNDECIDED,
        by=requester,
        conditions=(room_for(lambda request: request.revision - 1, "amendments", ANOTHER),),
        checks=(
            checks.period_lies_ahead,
            checks.amended_incidents_can_be_named,
            checks.keeps_what_a_hold_awaits,
        ),
        record=amend,
    ),
    Step(
        action="WITHDRAW",
        command=WithdrawRequest,
        states=UNDECIDED,
        leads_to=(WITHDRAWN,),
        by=requester,
        record=withdraw,
    ),
    Step(
        action="BEGIN_REVIEW",
        command=BeginReview,
        states=frozenset({SUBMITTED}),
        leads_to=(UNDER_REVIEW,),
        by=reviewer,
        record=begin_review,
    ),
    Step(
        action="WITHHOLD",
        command=WithholdRequest,
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
        record=withhold,
    ),
    Step(
        action="RESUME_REVIEW",
        command=ResumeReview,
        states=frozenset({WITHHELD}),
        leads_to=(UNDER_REVIEW,),
        by=reviewer_or_register,
        conditions=(rules.hold_is_met,),
        record=resume_review,
    ),
    Step(
        action="ENDORSE",
        command=EndorseRequest,
        states=frozenset({UNDER_REVIEW}),
        by=reviewer,
        conditions=(
            rules.has_not_endorsed,
            room_for(lambda request: len(request.endorsements), "endorsements", "decide it"),
        ),
        record=endorse,
    ),
    Step(
        action="RECUSE",
        command=RecuseReviewer,
        states=UNDECIDED,
        by=reviewer_or_approver,
        conditions=(room_for(lambda request: len(request.recusals), "recusals", "take no part in it"),),
        record=recuse,
    ),
    Step(
        action="APPROVE",
        command=ApproveRequest,
        states=frozenset({UNDER_REVIEW}),
        leads_to=(APPROVED,),
        by=approver,
        conditions=(rules.mandate_covers, rules.period_lies_ahead, rules.is_endorsed),
        checks=(checks.grants_no_more_than_asked, checks.grants_what_lies_ahead),
        record=approve,
    ),
    Step(
        action="DENY",
        command=DenyRequest,
        states=frozenset({UNDER_REVIEW, WITHHELD}),
        leads_to=(DENIED,),
        by=approver,
        record=deny,
    ),
    Step(
        action="CONFIRM",
        command=ConfirmApproval,
        states=frozenset({APPROVED}),
        by=approver,
        conditions=(rules.is_questioned,),
        record=confirm,
    ),
    Step(
        action="REVOKE",
        command=RevokeApproval,
        states=frozenset({APPROVED}),
        leads_to=(REVOKED,),
        by=approver,
        record=revoke,
    ),
    Step(
        action="REPORT_FULFILMENT",
        command=ReportFulfilment,
        states=frozenset({APPROVED, REVOKED, EXPIRED}),
        by=requester,
        conditions=(rules.has_open_conditions,),
        checks=(checks.condition_is_open,),
        record=report_fulfilment,
    ),
    Step(
        action="REMARK",
        command=RemarkOnRequest,
        states=frozenset(RequestStatus),
        by=participant,
        conditions=(room_for(lambda request: request.remarks, "remarks", ANOTHER),),
        permits=(internal_is_the_deciders,),
        record=remark,
    ),
    Step(
        action="QUESTION",
        command=QuestionApproval,
        states=frozenset({APPROVED}),
        by=THE_REGISTER,
        conditions=(rules.grounds_fell,),
        record=question,
        offered=False,
    ),
    Step(
        action="EXPIRE",
        command=ExpireApproval,
        states=frozenset({APPROVED}),
        leads_to=(EXPIRED,),
        by=THE_REGISTER,
        conditions=(rules.time_has_passed,),
        record=expire,
        offered=False,
    ),
)

Command = (
    SubmitRequest
    | AmendRequest
    | WithdrawRequest
    | BeginReview
    | WithholdRequest
    | ResumeReview
    | EndorseRequest
    | RecuseReviewer
    | ApproveRequest
    | DenyRequest
    | QuestionApproval
    | ConfirmApproval
    | RevokeApproval
    | ExpireApproval
    | ReportFulfilment
    | RemarkOnRequest
)
