"""Every cell of status x action x role x side, against a table that was written from the rules, not from the code."""

from dataclasses import dataclass, replace
from itertools import product

import pytest

from domain.decider import step_of
from domain.deployment_request import commands as c
from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.events import (
    ApprovalQuestioned,
    ExtensionAsked,
    ExtensionEndorsed,
    FulfilmentReported,
    Recommendation,
)
from domain.deployment_request.extension import AskExtension, EndorseExtension, GrantExtension, RefuseExtension
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.hearing import GiveNotice, MakeStatement
from domain.deployment_request.hearing_events import NoticeGiven
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.marking import ChangeRequestMarking
from domain.deployment_request.state import RequestStatus
from domain.deployment_request.succession import NameSuccessor, TakeOverRequest
from domain.refusals import NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, ConditionId, Marking, Quorum, Role, Strength, Subject
from tests.domain.case import (
    BRIDGE,
    CANAL,
    CONDITION,
    DAY,
    HISTORIES,
    KFOR,
    PERIOD,
    PRISTINA,
    REGISTERED,
    REQUEST,
    THIRD,
    WHY,
    approval,
    approver,
    begun,
    condition,
    endorsement,
    finding,
    ground,
    incident,
    mandate,
    person,
    requester,
    resumed,
    retraction,
    reviewer,
    second_reviewer,
    submission,
    withheld,
)
from tests.domain.successions import LAPSED, succeeded
from tests.specification import NOW, MemoryRegister, Past, given

S, U, W, A, D, X, R, E = (
    RequestStatus.SUBMITTED,
    RequestStatus.UNDER_REVIEW,
    RequestStatus.WITHHELD_PENDING_ATTRIBUTION,
    RequestStatus.APPROVED,
    RequestStatus.DENIED,
    RequestStatus.WITHDRAWN,
    RequestStatus.REVOKED,
    RequestStatus.EXPIRED,
)
SECOND = ConditionId(BRIDGE)
REQUESTING, DECIDING, NEITHER = PRISTINA, KFOR, THIRD


@dataclass(frozen=True)
class Row:
    """What the rules say of one action: in which statuses, and who, by role and side. leads_to: the status after it."""

    command: object
    states: set[RequestStatus]
    who: set[tuple[Role, AuthorityCode]]
    leads_to: RequestStatus | None = None


REQUESTER = {(Role.REQUESTER, REQUESTING)}
REVIEWER = {(Role.REVIEWER, DECIDING)}
APPROVER = {(Role.APPROVER, DECIDING)}
MARKER = REQUESTER | REVIEWER | APPROVER
PARTICIPANT = set(product((Role.REQUESTER, Role.REVIEWER, Role.APPROVER), (REQUESTING, DECIDING)))

TABLE = {
    "AMEND": Row(c.AmendRequest(strength=Strength(90), reason=WHY), {S, U, W}, REQUESTER),
    "WITHDRAW": Row(c.WithdrawRequest(reason=WHY), {S, U, W}, REQUESTER, X),
    "BEGIN_REVIEW": Row(c.BeginReview(reason=WHY), {S}, REVIEWER, U),
    "WITHHOLD": Row(c.WithholdRequest(reason=WHY, awaiting=(BRIDGE,)), {U}, REVIEWER, W),
    "RESUME_REVIEW": Row(c.ResumeReview(reason=WHY), {W}, REVIEWER, U),
    "ENDORSE": Row(c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), {U}, REVIEWER),
    "CHANGE_ENDORSEMENT": Row(ChangeEndorsement(recommendation=Recommendation.DENY, reason=WHY), {U, W}, REVIEWER),
    "RECUSE": Row(c.RecuseReviewer(reason=WHY), {S, U, W}, REVIEWER | APPROVER),
    "ASSIGN": Row(AssignRequest(subject=Subject("another"), reason=WHY), {S, U, W}, REVIEWER | APPROVER),
    "APPROVE": Row(c.ApproveRequest(reason=WHY), {U}, APPROVER, A),
    "DENY": Row(c.DenyRequest(reason=WHY), {U, W}, APPROVER, D),
    "TAKE_OVER": Row(TakeOverRequest(reason=WHY), {S, U, W}, {(Role.APPROVER, NEITHER)}, S),
    "CONFIRM": Row(c.ConfirmApproval(reason=WHY), {A}, APPROVER),
    "REVOKE": Row(c.RevokeApproval(reason=WHY), {A}, APPROVER, R),
    "GIVE_NOTICE": Row(GiveNotice(grounds=WHY, until=NOW + DAY), {U, W, A}, APPROVER),
    "MAKE_STATEMENT": Row(MakeStatement(statement=WHY), {U, W, A}, REQUESTER),
    "ASK_EXTENSION": Row(AskExtension(until=PERIOD.end + 2 * DAY, reason=WHY), {A}, REQUESTER),
    "ENDORSE_EXTENSION": Row(EndorseExtension(recommendation=Recommendation.APPROVE, reason=WHY), {A}, REVIEWER),
    "GRANT_EXTENSION": Row(GrantExtension(reason=WHY), {A}, APPROVER),
    "REFUSE_EXTENSION": Row(RefuseExtension(reason=WHY), {A}, APPROVER),
    "REPORT_FULFILMENT": Row(c.ReportFulfilment(condition=CONDITION, report=WHY), {A, R, E}, REQUESTER),
    "ACCEPT_FULFILMENT": Row(AcceptFulfilment(condition=SECOND, reason=WHY), {A, R, E}, APPROVER),
    "SEND_BACK_FULFILMENT": Row(SendBackFulfilment(condition=SECOND, reason=WHY), {A, R, E}, APPROVER),
    "REMARK": Row(c.RemarkOnRequest(reason=WHY), set(RequestStatus), PARTICIPANT),
    "CHANGE_MARKING": Row(ChangeRequestMarking(marking=Marking.AMBER, reason=WHY), set(RequestStatus), MARKER),
}
notice = Past(event=NoticeGiven(reason=WHY, until=NOW + DAY), by=approver)
asked = Past(event=ExtensionAsked(until=PERIOD.end + DAY, reason=WHY), by=requester)
recommended = tuple(
    Past(event=ExtensionEndorsed(recommendation=Recommendation.APPROVE, reason=WHY, revision=1), by=by)
    for by in (reviewer, second_reviewer)
)
LOWER = ChangeRequestMarking(marking=Marking.CLEAR, reason=WHY)
"""In place of a raise, for requesters: they propose it."""
REGISTER_ALONE = (
    c.QuestionApproval(reason=WHY),
    c.ExpireApproval(reason=WHY),
    NameSuccessor(successor=NEITHER, reason=WHY),
)
EVERYBODY = [person("somebody", side, role) for role, side in product(Role, (REQUESTING, DECIDING, NEITHER))]


ON_AN_EXTENSION = {"ENDORSE_EXTENSION", "GRANT_EXTENSION", "REFUSE_EXTENSION"}


def in_status(status: RequestStatus, action: str = "") -> MemoryRegister:
    """A request that all may see, on which the action, or every one that the status knows, can be taken by whoever may.

    An extension is not asked for twice, nor granted while the approval is questioned.
    """
    seen = incident(marking=Marking.CLEAR), incident(BRIDGE, marking=Marking.CLEAR, reference="pristina-i-2024-0002")
    heard = action in {"GIVE_NOTICE", "MAKE_STATEMENT"}
    submitted = submission(marking=Marking.GREEN, endorsements_required=Quorum(2), hearing=heard)
    noticed = (notice,) if action == "MAKE_STATEMENT" else ()
    endorsed = (begun, endorsement(), endorsement(second_reviewer), finding())
    questioned = Past(event=ApprovalQuestioned(reason=WHY, incidents=(CANAL,)), by=SYSTEM)
    done = Past(event=FulfilmentReported(condition=SECOND, report=WHY), by=requester)
    granted = approval(ground(2), conditions=(condition, replace(condition, id=SECOND)))
    doubted = (retraction(), questioned) if action not in ON_AN_EXTENSION else (asked, *recommended)
    approved = (*endorsed, granted, *doubted, done)
    since = {
        S: (),
        U: (*endorsed, *noticed),
        W: (*endorsed, withheld(BRIDGE), *noticed),
        A: (*approved, *noticed),
        R: (*approved, HISTORIES[R][-1]),
        E: (*approved, HISTORIES[E][-1]),
        D: (*endorsed, HISTORIES[D][-1]),
        X: (HISTORIES[X][-1],),
    }
    lapsed = (*LAPSED, succeeded) if action == "TAKE_OVER" else ()
    return given(*REGISTERED, mandate(), *seen, submitted, *since[status], *lapsed).register


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("status", RequestStatus)
def test_every_cell_of_the_lifecycle(status: RequestStatus, action: str) -> None:
    row = TABLE[action]
    for anybody in EVERYBODY:
        actor = replace(anybody, subject=reviewer.subject) if action == "CHANGE_ENDORSEMENT" else anybody
        register = in_status(status, action)
        permitted = (actor.roles[0], actor.authority) in row.who
        can = permitted and status in row.states
        offered, outlook = register.available(actor, REQUEST), register.explain(actor, REQUEST)
        assert (action in offered) is can, actor
        assert (action in outlook) is (status in row.states)
        if action in outlook:
            assert (outlook[action].available, outlook[action].possible) == (can, True), actor
        lowers = action == "CHANGE_MARKING" and Role.REQUESTER in actor.roles
        answer = register.command(LOWER if lowers else row.command, actor)
        if not permitted:
            assert isinstance(answer, NotPermitted), (actor, answer)
        elif not can:
            assert isinstance(answer, TransitionRefused), (actor, answer)
            assert (answer.status, answer.available) == (status, offered)
            assert "it would have to be" in answer.message
        else:
            assert isinstance(answer, tuple), (actor, answer)
        assert register.states[REQUEST].status == (row.leads_to or status if can else status)
    assert step_of(STEPS, type(row.command)).leads_to == ((row.leads_to,) if row.leads_to else ()), "as it is drawn"


@pytest.mark.parametrize("status", RequestStatus)
def test_persons_cannot_take_the_actions_of_the_register(status: RequestStatus) -> None:
    register = in_status(status)
    for actor, command in product(EVERYBODY, REGISTER_ALONE):
        answer = register.judge(command, actor)
        assert answer == NotPermitted(message="Only the register itself does this.")


@pytest.mark.parametrize("status", RequestStatus)
def test_the_register_does_nothing_that_is_for_people(status: RequestStatus) -> None:
    register = in_status(status)
    for action, row in TABLE.items():
        answer = register.judge(row.command, SYSTEM)
        if action in {"WITHHOLD", "RESUME_REVIEW"}:
            assert isinstance(answer, TransitionRefused), "it may, and its grounds are not there"
        else:
            assert isinstance(answer, NotPermitted)
            assert "The register never does this by itself; otherwise this takes" in answer.message
    assert register.available(SYSTEM, REQUEST) == ()


@pytest.mark.parametrize("status", RequestStatus)
def test_the_register_acts_in_no_other_status_than_the_table_says(status: RequestStatus) -> None:
    grounds = {
        "release": ((*HISTORIES[W], finding()), c.ResumeReview(reason=WHY), W),
        "loss": ((*HISTORIES[W], finding(), resumed(), retraction()), _again(), U),
        "lapse": ((*HISTORIES[S], *LAPSED), REGISTER_ALONE[2], S),
        "fall": ((*HISTORIES[A][:-1], finding(), approval(ground(2)), retraction()), REGISTER_ALONE[0], A),
    }
    for history, command, where in grounds.values():
        register = given(*history).register
        granted = register.judge(command, SYSTEM)
        assert isinstance(granted, tuple), granted
        assert {"QUESTION", "EXPIRE", "NAME_SUCCESSOR"}.isdisjoint(register.available(SYSTEM, REQUEST)), (
            "what it alone does is not offered"
        )
        if status is not where:
            refused = in_status(status).judge(command, SYSTEM)
            assert isinstance(refused, TransitionRefused), refused


def test_where_the_register_alone_leads_is_drawn_too() -> None:
    assert [step_of(STEPS, type(command)).leads_to for command in REGISTER_ALONE] == [(), (E,), ()]


def test_a_person_with_several_roles_may_what_each_of_them_may() -> None:
    register = in_status(U)
    many = person("somebody", DECIDING, Role.REVIEWER, Role.APPROVER)
    assert register.available(many, REQUEST) == (
        "WITHHOLD",
        "ENDORSE",
        "RECUSE",
        "ASSIGN",
        "APPROVE",
        "DENY",
        "REMARK",
        "CHANGE_MARKING",
    )


def test_each_action_is_explained_with_the_roles_that_may_take_it() -> None:
    listed = {
        action: outlook.verdicts[0].description
        for status in RequestStatus
        for action, outlook in in_status(status).explain(_nobody(), REQUEST).items()
    }
    by_reviewer = "This takes a reviewer of kfor who is neither recused nor interested."
    by_approver = "This takes an approver of kfor who is neither recused nor interested."
    assert listed == {
        "AMEND": "This takes a requester of pristina.",
        "TAKE_OVER": by_approver,
        "WITHDRAW": "This takes a requester of pristina.",
        "BEGIN_REVIEW": by_reviewer,
        "WITHHOLD": by_reviewer,
        "RESUME_REVIEW": by_reviewer,
        "ENDORSE": by_reviewer,
        "CHANGE_ENDORSEMENT": by_reviewer,
        "RECUSE": "This takes a reviewer or approver of kfor who is neither recused nor interested.",
        "ASSIGN": "This takes a reviewer or approver of kfor who is neither recused nor interested.",
        "APPROVE": by_approver,
        "DENY": by_approver,
        "CONFIRM": by_approver,
        "REVOKE": by_approver,
        "GIVE_NOTICE": by_approver,
        "MAKE_STATEMENT": "This takes a requester of pristina.",
        "ASK_EXTENSION": "This takes a requester of pristina.",
        "ENDORSE_EXTENSION": by_reviewer,
        "GRANT_EXTENSION": by_approver,
        "REFUSE_EXTENSION": by_approver,
        "REPORT_FULFILMENT": "This takes a requester of pristina.",
        "ACCEPT_FULFILMENT": by_approver,
        "SEND_BACK_FULFILMENT": by_approver,
        "REMARK": "This takes a requester, reviewer or approver of pristina or kfor.",
        "CHANGE_MARKING": "This takes a requester of pristina, or a reviewer or approver of kfor "
        "who is neither recused nor interested.",
    }


def _again() -> c.WithholdRequest:
    return c.WithholdRequest(reason=WHY, awaiting=(CANAL,))


def _nobody() -> Actor:
    return person("nobody", NEITHER)
