"""The rows of the lifecycle table on a hearing."""

from domain.decider import Step
from domain.deployment_request import awaited, hearing
from domain.deployment_request.permission import approver, requester
from domain.deployment_request.state import RequestStatus
from domain.limits import room_for

BEFORE_A_DECISION = frozenset(
    {RequestStatus.UNDER_REVIEW, RequestStatus.WITHHELD_PENDING_ATTRIBUTION, RequestStatus.APPROVED}
)

STEPS = (
    Step(
        action="GIVE_NOTICE",
        command=hearing.GiveNotice,
        states=BEFORE_A_DECISION,
        by=approver,
        conditions=(
            hearing.is_required,
            hearing.no_notice_runs,
            room_for(lambda request: request.notices, "notices", "decide it"),
        ),
        checks=(hearing.notice_leaves_time,),
        record=hearing.give_notice,
        awaited=awaited.NOTICE_TO_GIVE,
    ),
    Step(
        action="MAKE_STATEMENT",
        command=hearing.MakeStatement,
        states=BEFORE_A_DECISION,
        by=requester,
        conditions=(hearing.notice_runs,),
        record=hearing.make_statement,
        awaited=awaited.STATEMENT,
    ),
)
