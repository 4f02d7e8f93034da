"""Who may take a step, rule by rule: role and side, recusal and interest, and the register itself."""

from functools import partial

import pytest

from domain.authority import by_administrator, by_registered, own_authority_is_registered
from domain.decider import THE_REGISTER, Context, Verdict
from domain.deployment_request.commands import RemarkOnRequest
from domain.deployment_request.permission import (
    by,
    deciding,
    either,
    internal_is_the_deciders,
    requesting,
)
from domain.deployment_request.state import DeploymentRequest
from domain.incident.commands import CONTRIBUTORS
from domain.incident.referral import ReferIncident, is_not_yet_referred
from domain.incident.rules import a_contributor, an_investigator
from domain.vocabulary import REGISTER, SYSTEM, Actor, AuthorityCode, Role, Subject
from tests.domain.case import (
    CANAL,
    KFOR,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    admin,
    incident,
    recusal,
    requester,
    reviewer,
    second_reviewer,
)
from tests.specification import NOW, Past, given

ROLE = "This takes a reviewer of kfor who is neither recused nor interested."


def request(*more: Past) -> DeploymentRequest:
    found: DeploymentRequest = given(*UNDER_REVIEW, *more).register.states[REQUEST]
    return found


def context(actor: Actor) -> Context:
    return Context(actor=actor, now=NOW, subject=REQUEST)


def role(met: bool, description: str) -> Verdict:
    return Verdict(rule="ROLE", met=met, description=description)


def not_recused(actor: Actor) -> Verdict:
    return Verdict(rule="RECUSED", met=True, description="You are not recused.", subject=actor.subject)


def test_a_disinterested_reviewer_of_the_deciding_authority() -> None:
    judge = by(Role.REVIEWER, of=deciding, disinterested=True).judge
    neither = "You neither submitted nor amended the request, nor asked to extend its approval."
    for actor, met in ((reviewer, True), (requester, False)):
        verdicts = judge(request(), context(actor))
        assert verdicts[:2] == (role(met, ROLE), not_recused(actor))
    assert judge(request(), context(reviewer))[2] == Verdict(
        rule="INTERESTED", met=True, description=neither, subject="reviewer"
    )


def test_the_verdict_states_recusal_and_interest() -> None:
    judge = by(Role.REVIEWER, of=deciding, disinterested=True).judge
    recused, interested = request(recusal), request()
    _, verdict, _ = judge(recused, context(reviewer))
    assert verdict == Verdict(
        rule="RECUSED",
        met=False,
        description="You are recused and take no further part, except for remarks: "
        "this takes a reviewer of kfor who is neither recused nor interested.",
        subject="reviewer",
        rests_on=(recused.recusals[0].position,),
    )
    _, _, verdict = judge(interested, context(requester))
    assert verdict == Verdict(
        rule="INTERESTED",
        met=False,
        description="You submitted or amended the request, or asked to extend its approval, and are interested in it: "
        "this takes a reviewer of kfor who is neither recused nor interested.",
        subject="requester",
        rests_on=(interested.authors[0].position,),
    )


def test_interest_counts_only_where_it_is_asked() -> None:
    judge = by(Role.REVIEWER, of=deciding).judge
    assert judge(request(), context(second_reviewer)) == (
        role(True, "This takes a reviewer of kfor."),
        not_recused(second_reviewer),
    )
    _, verdict = judge(request(recusal), context(reviewer))
    assert verdict.description.endswith("this takes a reviewer of kfor who is not.")
    assert by(Role.REVIEWER, of=deciding, recused_too=True).judge(request(recusal), context(reviewer)) == (
        role(True, "This takes a reviewer of kfor."),
    )


@pytest.mark.parametrize(
    ("permitted", "verdict"),
    [
        (True, "The register may do this by itself; otherwise this takes an approver of kfor."),
        (False, "The register never does this by itself; otherwise this takes an approver of kfor."),
    ],
)
def test_the_register_acts_only_where_it_is_let(permitted: bool, verdict: str) -> None:
    judge = by(Role.APPROVER, of=deciding, or_the_register=permitted).judge
    assert judge(request(), context(SYSTEM)) == (role(permitted, verdict),)
    if not permitted:
        assert by(Role.APPROVER, of=deciding).judge(request(), context(SYSTEM)) == (role(False, verdict),)


def test_some_steps_are_for_the_register_alone() -> None:
    for actor, met in ((SYSTEM, True), (reviewer, False)):
        verdict = Verdict(rule="REGISTER", met=met, description="Only the register itself does this.")
        assert THE_REGISTER.judge(request(), context(actor)) == (verdict,)
    assert THE_REGISTER.somebody(request(), context(reviewer)) == SYSTEM


def test_somebody_has_every_role_that_is_named_for_the_first_side() -> None:
    for side, authority in ((requesting, "pristina"), (deciding, "kfor"), (either, "pristina")):
        found = by(Role.REVIEWER, Role.APPROVER, of=side).somebody(request(), context(requester))
        assert found == Actor(
            issuer="", subject=Subject(""), authority=AuthorityCode(authority), roles=(Role.REVIEWER, Role.APPROVER)
        )


def test_internal_remarks_are_for_the_deciding_authority() -> None:
    verdict = "Only kfor, which decides, makes internal remarks: make one that is not."
    for internal, actor, met in ((True, requester, False), (True, reviewer, True), (False, requester, True)):
        command = RemarkOnRequest(reason=WHY, internal=internal)
        assert internal_is_the_deciders(command, request(), context(actor)) == Verdict(
            rule="INTERNAL", met=met, description=verdict
        )


def test_an_investigator_is_of_the_authority_that_holds_the_mandate_or_of_none() -> None:
    for past, code in ((REPORTED, KFOR), ((*REGISTERED, incident()), REGISTER)):
        register = given(*past).register
        found = register.ask(partial(an_investigator, register.states[CANAL]), SYSTEM, CANAL)
        assert found == Actor(issuer="", subject=Subject(""), authority=code, roles=(Role.INVESTIGATOR,))


def test_a_contributor_is_of_the_authority_that_reported() -> None:
    found = a_contributor(given(*REPORTED).register.states[CANAL], context(admin))
    assert found == Actor(issuer="", subject=Subject(""), authority=requester.authority, roles=CONTRIBUTORS)


def test_an_incident_is_referred_to_an_authority_once() -> None:
    state = given(*REPORTED).register.states[CANAL]
    verdict = is_not_yet_referred(ReferIncident(authority=THIRD, reason=WHY), state, context(reviewer))
    assert verdict == Verdict(rule="REFERRED_ONCE", met=True, description="It has already been referred to third.")


def test_an_administrator_of_a_registered_authority() -> None:
    for actor, met in ((admin, True), (reviewer, False)):
        assert by_administrator(context(actor)) == role(met, "This takes an administrator.")
    register = given(*SUBMITTED).register
    verdict = {
        "kfor": (True, "kfor is registered or is being registered."),
        "new": (False, "Your authority, new, is not registered: register it first. Then you can administer."),
    }
    for code, (met, description) in verdict.items():
        who = Actor(issuer="", subject=Subject(""), authority=AuthorityCode(code), roles=(Role.ADMINISTRATOR,))
        assert register.ask(own_authority_is_registered, who, REQUEST) == Verdict(
            rule="REGISTERED", met=met, description=description
        )


def test_those_who_act_for_a_registered_authority() -> None:
    register = given(*SUBMITTED).register
    has_role, is_registered = by_registered(Role.REQUESTER, Role.REVIEWER)
    takes = "This takes a requester or reviewer of a registered authority."
    assert [has_role(context(actor)) for actor in (requester, reviewer, admin)] == [
        role(met, takes) for met in (True, True, False)
    ]
    unknown = Actor(issuer="", subject=Subject(""), authority=AuthorityCode("new"), roles=())
    assert [register.ask(is_registered, actor, REQUEST) for actor in (requester, unknown)] == [
        Verdict(rule="REGISTERED", met=True, description="pristina is registered."),
        Verdict(
            rule="REGISTERED",
            met=False,
            description="new is not registered: an administrator can register it.",
        ),
    ]
