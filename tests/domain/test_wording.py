"""How things are said, and what is said to nobody."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from domain.decider import THE_REGISTER, Context, Unread
from domain.deployment_request import rules
from domain.deployment_request.commands import SubmitRequest, submit
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import Incident
from domain.refusals import FieldProblem, InvalidInput
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AnalyticConfidence,
    Likelihood,
    Region,
    Role,
    exact_time,
    format_time,
    in_words,
    joined,
)
from tests.domain.case import (
    APPROVED,
    DAY,
    HISTORIES,
    NOWHERE,
    PERIOD,
    PRISTINA,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    approver,
    auditor,
    finding,
    person,
    recusal,
    requester,
    reviewer,
    second_reviewer,
    submission,
)
from tests.specification import NOW, given


@pytest.mark.parametrize("status", RequestStatus)
@pytest.mark.parametrize("viewer", [auditor, requester, reviewer, approver, SYSTEM], ids=lambda actor: actor.subject)
def test_sentences_are_whole_and_never_tell_likelihood_and_confidence_together(
    status: RequestStatus, viewer: Actor
) -> None:
    history = (*HISTORIES[status], finding())
    for outlook in given(*history).register.explain(viewer, REQUEST).values():
        assert outlook.verdicts
        for verdict in outlook.verdicts:
            text = verdict.description
            assert text[0].isupper() or text[0].isdigit()
            assert text.endswith(".")
            assert "_" not in text
            assert not ("ikelihood" in text and "onfidence" in text)


def test_automatic_actions_are_not_explained() -> None:
    assert {"QUESTION", "EXPIRE"}.isdisjoint(given(*APPROVED).register.explain(SYSTEM, REQUEST))
    register = given(*APPROVED).register
    context = Context(actor=approver, now=NOW, subject=REQUEST)
    assert THE_REGISTER.somebody(register.states[REQUEST], context) == SYSTEM


def test_there_is_no_hold_to_tell_of_where_there_is_none() -> None:
    request = given(*UNDER_REVIEW).register.states[REQUEST]
    assert rules.hold_is_met(request, Context(actor=reviewer, now=NOW, subject=REQUEST)) == ()


def test_a_submission_without_a_decider_is_a_mistake_of_ours() -> None:
    register = given(*SUBMITTED).register
    event = submission().event
    command = SubmitRequest(
        force=event.force,
        strength=event.strength,
        region=Region("zz"),
        purpose=WHY,
        period=PERIOD,
    )
    with pytest.raises(ValueError, match="no mandate covers zz"):
        register.ask(lambda context: submit(command, None, context), requester, REQUEST)


def test_instants_are_reported_in_utc_and_grades_in_words() -> None:
    assert format_time(PERIOD.end.astimezone(timezone(timedelta(hours=-5)))) == "15 June 2025, 00:00 UTC"
    assert format_time(PERIOD.end + 17 * DAY - timedelta(minutes=1)) == "1 July 2025, 23:59 UTC"


def test_an_instant_is_reported_exactly_where_that_matters() -> None:
    assert exact_time(PERIOD.end) == format_time(PERIOD.end)
    assert exact_time(PERIOD.end + timedelta(seconds=10)) == "15 June 2025, 00:00:10 UTC"
    assert exact_time(PERIOD.end + timedelta(microseconds=250)) == "15 June 2025, 00:00:00.00025 UTC"
    odd = timezone(timedelta(hours=1, seconds=30))
    assert exact_time(PERIOD.end.astimezone(odd)) == format_time(PERIOD.end)
    assert [in_words(grade) for grade in (Likelihood.ALMOST_NO_CHANCE, AnalyticConfidence.LOW)] == [
        "ALMOST NO CHANCE",
        "LOW",
    ]


def test_a_problem_can_be_reported_of_one_field() -> None:
    assert InvalidInput.at("period.end", "It is over.") == InvalidInput(
        message="period.end: It is over.", fields=(FieldProblem(path="period.end", message="It is over."),)
    )


def test_the_recusal_of_others_does_not_bar_a_reviewer() -> None:
    both = (*UNDER_REVIEW, recusal, replace(recusal, by=person("other", PRISTINA, Role.REVIEWER)))
    assert given(*both).register.explain(second_reviewer, REQUEST)["ENDORSE"].available


def test_what_is_missing_is_named() -> None:
    register = given(*UNDER_REVIEW).register
    with pytest.raises(Unread, match=f"not read yet: {NOWHERE} and {REQUEST}") as unread:
        Context(actor=auditor, now=NOW, subject=REQUEST).read_all(DeploymentRequest, (NOWHERE, REQUEST))
    assert unread.value.streams == (NOWHERE, REQUEST)
    state = register.states[REQUEST]
    context = Context(actor=auditor, now=NOW, subject=REQUEST, consulted={REQUEST: state, NOWHERE: None})
    assert context.read_all(DeploymentRequest, (NOWHERE, REQUEST)) == (None, state)
    assert context.read(Incident, REQUEST) is None, "another kind of thing is not what was asked for"


def test_several_are_joined_as_one_says_them() -> None:
    assert [joined(names) for names in ((), ["a"], ("a", "b"), iter("abcd"))] == ["", "a", "a or b", "a, b, c or d"]
    assert joined(["a", "b", "c"], "and") == "a, b and c"
