"""What time brings, which requests an event concerns, and what the register tells of what it did."""

from datetime import timedelta
from functools import partial

import pytest

from domain.catalogue import POLICIES
from domain.decider import Context
from domain.deployment_request.commands import ExpireApproval
from domain.deployment_request.events import (
    ApprovalExpired,
    ApprovalQuestioned,
    RequestApproved,
    RequestWithheld,
    ReviewResumed,
)
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.events import AttributionRetracted, IncidentAttributed
from domain.policies.policy import affected
from domain.refusals import TransitionRefused
from domain.vocabulary import SYSTEM, RequestId, Text
from tests.domain.case import (
    APPROVED,
    CANAL,
    DAY,
    ENDORSED,
    HISTORIES,
    NOWHERE,
    PERIOD,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    amendment,
    approval,
    endorsement,
    evidence,
    finding,
    ground,
    recusal,
    remark,
    resumed,
    retraction,
    withheld,
)
from tests.domain.following import LOW, RELEASED, RESTING, UNLIKELY, called_for, follow, last, reactions
from tests.specification import NOW, Past, given


def test_an_approval_expires_when_the_granted_period_is_over_and_not_before() -> None:
    assert reactions(given(*APPROVED).register, now=PERIOD.end - timedelta(microseconds=1)) == []
    register = follow(*APPROVED, now=PERIOD.end)
    assert last(register) == ApprovalExpired(reason=Text("The approval ended on 15 June 2025, 00:00 UTC."))
    assert register.states[REQUEST].status is RequestStatus.EXPIRED
    assert reactions(register, now=PERIOD.end + 3650 * DAY) == []


def test_it_expires_at_the_end_of_its_validity_where_that_is_sooner() -> None:
    sooner = (*ENDORSED, approval(valid_until=PERIOD.end - DAY))
    assert given(*sooner).register.states[REQUEST].expires_at == PERIOD.end - DAY
    later = (*ENDORSED, approval(valid_until=PERIOD.end + DAY))
    assert given(*later).register.states[REQUEST].expires_at == PERIOD.end


@pytest.mark.parametrize("status", RequestStatus)
def test_only_an_approval_is_due_to_end(status: RequestStatus) -> None:
    ends = PERIOD.end if status is RequestStatus.APPROVED else None
    assert given(*HISTORIES[status]).register.states[REQUEST].expires_at == ends


def test_what_lost_a_ground_and_ran_out_in_one_stop_is_both_questioned_and_ended() -> None:
    register = follow(*RESTING, retraction(), now=PERIOD.end)
    kinds = [type(recorded.event) for recorded in register.history(REQUEST)[-2:]]
    assert kinds == [ApprovalQuestioned, ApprovalExpired]


def test_the_register_expires_nothing_before_its_time() -> None:
    given(*APPROVED).when(ExpireApproval(reason=WHY), by=SYSTEM).refused(
        TransitionRefused, "The approval ends on 15 June 2025, 00:00 UTC.", status="APPROVED", available=()
    )


# Causes and effects


@pytest.mark.parametrize(
    ("history", "cause"),
    [
        ((*WITHHELD, endorsement(), finding()), IncidentAttributed),
        ((*UNDER_REVIEW, finding(), withheld(), amendment), RequestWithheld),
        ((*WITHHELD, finding(), evidence(), remark), IncidentAttributed),
        ((*RELEASED, endorsement(), retraction(), remark), AttributionRetracted),
        ((*WITHHELD, finding(), retraction(), resumed(), remark), ReviewResumed),
        ((*RESTING, remark, finding(party=None), remark, finding()), IncidentAttributed),
        ((*ENDORSED, finding(), retraction(), approval(ground(2)), remark), RequestApproved),
    ],
    ids=[
        "finding",
        "hold",
        "finding before others",
        "loss",
        "release on what was lost",
        "fall",
        "approval on a fallen",
    ],
)
def test_the_cause_is_the_last_event_that_made_it_so_whichever_is_looked_at(
    history: tuple[Past, ...], cause: type[object]
) -> None:
    register = given(*history).register
    ((policy, _),) = called_for(register)
    position = register.ask(partial(policy.cause, register.states[REQUEST]), SYSTEM, REQUEST)
    assert type(register.log[position - 1].event) is cause


def test_the_cause_of_an_end_is_what_was_granted() -> None:
    register = given(*APPROVED, remark).register
    ((policy, _),) = called_for(register, now=PERIOD.end)
    position = policy.cause(register.states[REQUEST], Context(actor=SYSTEM, now=NOW, subject=REQUEST))
    assert isinstance(register.log[position - 1].event, RequestApproved)


@pytest.mark.parametrize("status", RequestStatus)
def test_a_cause_can_be_asked_for_whatever_the_status(status: RequestStatus) -> None:
    register = given(*HISTORIES[status]).register
    for policy in (each for each in POLICIES if each.of is DeploymentRequest):
        assert 1 <= register.ask(partial(policy.cause, register.states[REQUEST]), SYSTEM, REQUEST) <= len(register.log)


def test_an_event_concerns_its_own_request_or_those_that_rest_on_the_incident() -> None:
    resting_on = {CANAL: [RequestId(NOWHERE)]}.get
    past = (*WITHHELD, amendment, recusal, evidence(), finding(), retraction())
    concerned = [affected(recorded, lambda on: resting_on(on) or ()) for recorded in given(*past).register.log]
    own, other, none = (RequestId(REQUEST),), (RequestId(NOWHERE),), ()
    registered = [none] * 5
    assert concerned == [*registered, none, own, own, own, own, own, none, other, other]


# What each viewer reads


def test_a_reason_names_no_incident_for_its_marking_may_be_raised() -> None:
    falls = (retraction(), finding("EXERCISE: the Blue party"), finding(likelihood=UNLIKELY, confidence=LOW))
    for register in (follow(*history, fall) for history in (RESTING, RELEASED) for fall in falls):
        reasons = [recorded.event.reason.value for recorded in register.log if recorded.actor == SYSTEM]
        assert not [reason for reason in reasons if "pristina-i-" in reason]


def test_reasons_never_name_a_party_nor_speak_of_likelihood_and_confidence_at_once() -> None:
    falls = (retraction(), finding("EXERCISE: the Blue party"), finding(likelihood=UNLIKELY, confidence=LOW))
    for register in (follow(*history, fall) for history in (RESTING, RELEASED) for fall in falls):
        for recorded in register.log:
            if recorded.actor == SYSTEM and recorded.event.reason != WHY:
                text = recorded.event.reason.value.lower()
                assert "party" not in text
                assert "likel" not in text
                assert "confiden" not in text
