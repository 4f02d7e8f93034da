"""Every cell of status x action x role x side, against a table that was written from the rules, not from the code."""

from dataclasses import dataclass
from itertools import product

import pytest

from domain.decider import step_of
from domain.deployment_request import commands as c
from domain.deployment_request.events import ApprovalQuestioned, Recommendation
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import RequestStatus
from domain.refusals import NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Marking, Quorum, Role, Strength
from tests.domain.case import (
    BRIDGE,
    CANAL,
    CONDITION,
    HISTORIES,
    KFOR,
    PRISTINA,
    REGISTERED,
    REQUEST,
    THIRD,
    WHY,
    approval,
    begun,
    condition,
    endorsement,
    finding,
    ground,
    incident,
    mandate,
    person,
    resumed,
    retraction,
    second_reviewer,
    submission,
    withheld,
)
from tests.specification import MemoryRegister, Past, given

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
PARTICIPANT = set(product((Role.REQUESTER, Role.REVIEWER, Role.APPROVER), (REQUESTING, DECIDING)))

TABLE = {
    "AMEND": Row(c.AmendRequest(strength=Strength(90), reason=WHY), {S, U, W}, REQUESTER),
    "WITHDRAW": Row(c.WithdrawRequest(reason=WHY), {S, U, W}, REQUESTER, X),
    "BEGIN_REVIEW": Row(c.BeginReview(reason=WHY), {S}, REVIEWER, U),
    "WITHHOLD": Row(c.WithholdRequest(reason=WHY, awaiting=(BRIDGE,)), {U}, REVIEWER, W),
    "RESUME_REVIEW": Row(c.ResumeReview(reason=WHY), {W}, REVIEWER, U),
    "ENDORSE": Row(c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), {U}, REVIEWER),
    "RECUSE": Row(c.RecuseReviewer(reason=WHY), {S, U, W}, REVIEWER | APPROVER),
    "APPROVE": Row(c.ApproveRequest(reason=WHY), {U}, APPROVER, A),
    "DENY": Row(c.DenyRequest(reason=WHY), {U, W}, APPROVER, D),
    "CONFIRM": Row(c.ConfirmApproval(reason=WHY), {A}, APPROVER),
    "REVOKE": Row(c.RevokeApproval(reason=WHY), {A}, APPROVER, R),
    "REPORT_FULFILMENT": Row(c.ReportFulfilment(condition=CONDITION, report=WHY), {A, R, E}, REQUESTER),
    "REMARK": Row(c.RemarkOnRequest(reason=WHY), set(RequestStatus), PARTICIPANT),
}
REGISTER_ALONE = (c.QuestionApproval(reason=WHY), c.ExpireApproval(reason=WHY))
EVERYBODY = [person("somebody", side, role) for role, side in product(Role, (REQUESTING, DECIDING, NEITHER))]


def in_status(status: RequestStatus) -> MemoryRegister:
    """A request that all may see, on which every action that the status knows can be taken by whoever may."""
    seen = incident(marking=Marking.CLEAR), incident(BRIDGE, marking=Marking.CLEAR, reference="pristina-i-2024-0002")
    asked = submission(marking=Marking.CLEAR, endorsements_required=Quorum(2))
    endorsed = (begun, endorsement(), endorsement(second_reviewer), finding())
    questioned = Past(event=ApprovalQuestioned(reason=WHY, incidents=(CANAL,)), by=SYSTEM)
    approved = (*endorsed, approval(ground(2), conditions=(condition,)), retraction(), questioned)
    since = {
        S: (),
        U: endorsed,
        W: (*endorsed, withheld(BRIDGE)),
        A: approved,
        R: (*approved, HISTORIES[R][-1]),
        E: (*approved, HISTORIES[E][-1]),
        D: (*endorsed, HISTORIES[D][-1]),
        X: (HISTORIES[X][-1],),
    }
    return given(*REGISTERED, mandate(), *seen, asked, *since[status]).register


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("status", RequestStatus)
def test_every_cell_of_the_lifecycle(status: RequestStatus, action: str) -> None:
    row = TABLE[action]
    for actor in EVERYBODY:
        register = in_status(status)
        permitted = (actor.roles[0], actor.authority) in row.who
        can = permitted and status in row.states
        offered, outlook = register.available(actor, REQUEST), register.explain(actor, REQUEST)
        assert (action in offered) is can, actor
        assert (action in outlook) is (status in row.states)
        if action in outlook:
            assert (outlook[action].available, outlook[action].possible) == (can, True), actor
        answer = register.command(row.command, actor)
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
def test_what_the_register_does_is_for_nobody_else(status: RequestStatus) -> None:
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
        "fall": ((*HISTORIES[A][:-1], finding(), approval(ground(2)), retraction()), REGISTER_ALONE[0], A),
    }
    for history, command, where in grounds.values():
        register = given(*history).register
        granted = register.judge(command, SYSTEM)
        assert isinstance(granted, tuple), granted
        assert {"QUESTION", "EXPIRE"}.isdisjoint(register.available(SYSTEM, REQUEST)), (
            "what it alone does is not offered"
        )
        if status is not where:
            refused = in_status(status).judge(command, SYSTEM)
            assert isinstance(refused, TransitionRefused), refused


def test_where_the_register_alone_leads_is_drawn_too() -> None:
    assert [step_of(STEPS, type(command)).leads_to for command in REGISTER_ALONE] == [(), (E,)]


def test_a_person_with_several_roles_may_what_each_of_them_may() -> None:
    register = in_status(U)
    many = person("somebody", DECIDING, Role.REVIEWER, Role.APPROVER)
    assert register.available(many, REQUEST) == ("WITHHOLD", "ENDORSE", "RECUSE", "APPROVE", "DENY", "REMARK")


def test_each_action_is_explained_with_who_could() -> None:
    told = {
        action: outlook.verdicts[0].description
        for status in RequestStatus
        for action, outlook in in_status(status).explain(_nobody(), REQUEST).items()
    }
    reviewer = "This takes a reviewer of kfor who is neither recused nor interested."
    approver = "This takes an approver of kfor who is neither recused nor interested."
    assert told == {
        "AMEND": "This takes a requester of pristina.",
        "WITHDRAW": "This takes a requester of pristina.",
        "BEGIN_REVIEW": reviewer,
        "WITHHOLD": reviewer,
        "RESUME_REVIEW": reviewer,
        "ENDORSE": reviewer,
        "RECUSE": "This takes a reviewer or approver of kfor who is neither recused nor interested.",
        "APPROVE": approver,
        "DENY": approver,
        "CONFIRM": approver,
        "REVOKE": approver,
        "REPORT_FULFILMENT": "This takes a requester of pristina.",
        "REMARK": "This takes a requester, reviewer or approver of pristina or kfor.",
    }


def _again() -> c.WithholdRequest:
    return c.WithholdRequest(reason=WHY, awaiting=(CANAL,))


def _nobody() -> Actor:
    return person("nobody", NEITHER)
