"""The rules that only the register is held to: nobody is offered them, and its refusals are read in the log."""

import pytest

from domain.decider import Verdict
from domain.deployment_request import rules
from domain.deployment_request.commands import QuestionApproval
from domain.deployment_request.lifecycle import ABOUT_THE_PERSON, outlooks
from domain.refusals import TransitionRefused
from domain.vocabulary import SYSTEM
from tests.domain.case import (
    APPROVED,
    CONDITION,
    ENDORSED,
    PERIOD,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    approval,
    approver,
    auditor,
    condition,
    finding,
    questioned,
    retraction,
)
from tests.domain.following import RELEASED, RESTING
from tests.specification import NOW, MemoryRegister, Past, given

FALLEN = "A finding that released the last hold no longer suffices."


def of(register: MemoryRegister, rule: object, now: object = NOW) -> tuple[str, bool, str, list[str]]:
    """Its name, whether a rule is met, what it says, and the events that it rests on."""
    assert callable(rule)
    verdict: Verdict = register.ask(lambda context: rule(register.states[REQUEST], context)[0], SYSTEM, REQUEST, now)  # type: ignore[arg-type]
    names = [type(register.log[position - 1].event).__name__ for position in verdict.rests_on]
    return verdict.rule, verdict.met, verdict.description, names


@pytest.mark.parametrize(
    ("history", "met", "said", "rests"),
    [
        (
            UNDER_REVIEW,
            False,
            "No finding that released the last hold has fallen: the register withholds again only if one has.",
            [],
        ),
        (
            RELEASED,
            False,
            "No finding that released the last hold has fallen: the register withholds again only if one has.",
            ["ReviewResumed"],
        ),
        (
            (*RELEASED, retraction()),
            True,
            "A finding that released the last hold no longer suffices.",
            ["ReviewResumed"],
        ),
    ],
    ids=["nothing released", "stands", "fallen"],
)
def test_of_a_release(history: tuple[Past, ...], met: bool, said: str, rests: list[str]) -> None:
    assert of(given(*history).register, rules.release_is_lost) == ("RELEASE", met, said, rests)


NOT_NOW = "The approval is questioned already, or every finding on which it rests still stands."


@pytest.mark.parametrize(
    ("history", "met", "said", "rests"),
    [
        (RESTING, False, NOT_NOW, ["RequestApproved"]),
        (
            (*RESTING, retraction()),
            True,
            "A finding on which the approval rests has fallen, and it is not yet questioned.",
            ["RequestApproved", "AttributionRetracted"],
        ),
        ((*RESTING, retraction(), questioned), False, NOT_NOW, ["RequestApproved", "AttributionRetracted"]),
        ((*RESTING, finding()), False, NOT_NOW, ["RequestApproved"]),
        (UNDER_REVIEW, False, NOT_NOW, []),
    ],
    ids=["stands", "fallen", "questioned", "found again", "none"],
)
def test_of_the_grounds(history: tuple[Past, ...], met: bool, said: str, rests: list[str]) -> None:
    register = given(*history).register
    assert of(register, rules.grounds_fell) == ("GROUNDS", met, said, rests)
    answer = register.judge(QuestionApproval(reason=WHY), SYSTEM)
    assert isinstance(answer, TransitionRefused) is not met


def test_of_the_time() -> None:
    register = given(*APPROVED).register
    said = "The approval ends on 15 June 2025, 00:00 UTC."
    assert of(register, rules.time_has_passed) == ("VALIDITY", False, said, ["RequestApproved"])
    assert of(register, rules.time_has_passed, PERIOD.end) == ("VALIDITY", True, said, ["RequestApproved"])
    none = given(*UNDER_REVIEW).register
    assert of(none, rules.time_has_passed) == ("VALIDITY", False, "There is no approval that could end.", [])


def test_conditions_rest_on_the_approval_that_set_them() -> None:
    register = given(*ENDORSED, approval(conditions=(condition,))).register
    verdict = register.explain(auditor, REQUEST)["REPORT_FULFILMENT"].verdicts[-1]
    assert verdict.rests_on == (register.states[REQUEST].decision.position,)
    assert verdict.rule == "CONDITIONS"
    none = of(given(*UNDER_REVIEW).register, rules.has_open_conditions)
    assert none == ("CONDITIONS", False, "The approval has no conditions.", [])
    assert register.states[REQUEST].decision.conditions[0].id == CONDITION


def test_the_operator_reads_what_a_person_with_every_permission_does() -> None:
    register = given(*ENDORSED).register
    state = register.states[REQUEST]
    for_operator = register.ask(lambda context: outlooks(state, context), SYSTEM, REQUEST)
    assert [each.action for each in for_operator if each.available] == [
        each.action for each in register.explain(approver, REQUEST).values() if each.possible
    ]
    named = {verdict.rule for each in for_operator for verdict in each.verdicts}
    assert named
    assert named.isdisjoint(ABOUT_THE_PERSON)
    for_person = register.ask(lambda context: outlooks(state, context), approver, REQUEST)
    assert {each.action: each for each in for_person} == register.explain(approver, REQUEST)
