"""The rows of the lifecycle table after an approval: its confirmation, extension and end, and its conditions."""

from domain.decider import THE_REGISTER, Step
from domain.deployment_request import awaited, commands, extension, fulfilment, hearing, input_checks, rules
from domain.deployment_request.permission import approver, requester, reviewer
from domain.deployment_request.state import RequestStatus
from domain.limits import room_for

APPROVED = RequestStatus.APPROVED
REVOKED = RequestStatus.REVOKED
EXPIRED = RequestStatus.EXPIRED

STEPS = (
    Step(
        action="CONFIRM",
        command=commands.ConfirmApproval,
        states=frozenset({APPROVED}),
        by=approver,
        conditions=(rules.is_questioned,),
        record=commands.confirm,
        awaited=awaited.QUESTIONED_APPROVAL,
    ),
    Step(
        action="REVOKE",
        command=commands.RevokeApproval,
        states=frozenset({APPROVED}),
        leads_to=(REVOKED,),
        by=approver,
        conditions=(hearing.is_heard,),
        checks=(hearing.urgency_is_stated,),
        record=commands.revoke,
    ),
    Step(
        action="ASK_EXTENSION",
        command=extension.AskExtension,
        states=frozenset({APPROVED}),
        by=requester,
        conditions=(
            extension.is_not_asked,
            extension.approval_lasts,
            room_for(lambda request: request.extensions, "extensions", "submit another request for what follows"),
        ),
        checks=(extension.ends_later,),
        record=extension.ask,
    ),
    Step(
        action="ENDORSE_EXTENSION",
        command=extension.EndorseExtension,
        states=frozenset({APPROVED}),
        by=reviewer,
        conditions=(
            extension.is_asked,
            extension.approval_lasts,
            extension.has_not_endorsed,
            room_for(
                lambda request: len(request.extension.endorsements) if request.extension else 0,
                "endorsements of the extension",
                "decide on it",
            ),
        ),
        record=extension.endorse,
        awaited=awaited.EXTENSION_TO_ENDORSE,
    ),
    Step(
        action="GRANT_EXTENSION",
        command=extension.GrantExtension,
        states=frozenset({APPROVED}),
        by=approver,
        conditions=(
            extension.is_asked,
            extension.approval_lasts,
            extension.is_unquestioned,
            rules.mandate_covers,
            extension.is_endorsed,
        ),
        record=extension.grant,
        awaited=awaited.EXTENSION_TO_GRANT,
    ),
    Step(
        action="REFUSE_EXTENSION",
        command=extension.RefuseExtension,
        states=frozenset({APPROVED}),
        by=approver,
        conditions=(extension.is_asked,),
        record=extension.refuse,
        awaited=awaited.EXTENSION_TO_REFUSE,
    ),
    Step(
        action="REPORT_FULFILMENT",
        command=commands.ReportFulfilment,
        states=frozenset({APPROVED, REVOKED, EXPIRED}),
        by=requester,
        conditions=(rules.has_open_conditions,),
        checks=(input_checks.condition_is_open,),
        record=commands.report_fulfilment,
        awaited=awaited.FULFILMENT,
    ),
    Step(
        action="ACCEPT_FULFILMENT",
        command=fulfilment.AcceptFulfilment,
        states=frozenset({APPROVED, REVOKED, EXPIRED}),
        by=approver,
        conditions=(fulfilment.has_reported_conditions,),
        checks=(fulfilment.condition_is_reported,),
        record=fulfilment.accept,
        awaited=awaited.REPORT_TO_SETTLE,
    ),
    Step(
        action="SEND_BACK_FULFILMENT",
        command=fulfilment.SendBackFulfilment,
        states=frozenset({APPROVED, REVOKED, EXPIRED}),
        by=approver,
        conditions=(
            fulfilment.has_reported_conditions,
            room_for(lambda request: request.sent_back, "reports that were sent back", "accept it"),
        ),
        checks=(fulfilment.condition_is_reported,),
        record=fulfilment.send_back,
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
