"""Who may see what: every marking against everybody who might look, from a table of its own."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import authority
from domain.authority import AuthorityRegistered
from domain.deployment_request.visibility import is_visible as is_request_visible
from domain.incident.events import IncidentReferred
from domain.incident.visibility import is_visible as is_incident_visible
from domain.incident.visibility import viewer_for
from domain.jurisdiction import MandateEnded
from domain.visibility import Viewer, audience, person, viewer
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Label, Marking, Region, Role, Subject
from tests.domain.case import (
    CANAL,
    DAY,
    KFOR,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    THIRD,
    WHY,
    admin,
    auditor,
    colleague,
    evidence,
    incident,
    investigator,
    mandate,
    requester,
    reviewer,
    stranger,
    submission,
)
from tests.domain.case import person as someone
from tests.specification import NOW, MemoryRegister, Past, given

CLEAR, GREEN, AMBER, STRICT, RED = Marking
FOURTH = AuthorityCode("fourth")
PREPARED = (*REGISTERED, Past(event=AuthorityRegistered(code=FOURTH, name=Label("Fourth")), by=admin))
named = someone("named", THIRD)
stray = replace(named, authority=AuthorityCode("unregistered"))
"""Who is named, and acts for an authority that is not registered."""
namesake = replace(named, issuer="another")
outsider = someone("outsider", AuthorityCode("unregistered"), Role.OBSERVER)
stranded = replace(auditor, authority=outsider.authority)
of_requesting = someone("ombudsman", PRISTINA, Role.AUDITOR)
of_deciding = someone("inspector", KFOR, Role.AUDITOR)
of_neither = someone("controller", FOURTH, Role.AUDITOR)
moved_on = replace(requester, authority=THIRD)
"""Who asked, and acts for another authority by now."""
EVERYBODY = {
    "author": requester,
    "author elsewhere": moved_on,
    "requesting": colleague,
    "deciding": reviewer,
    "auditor": auditor,
    "auditor of requesting": of_requesting,
    "auditor of deciding": of_deciding,
    "auditor of neither": of_neither,
    "unregistered auditor": stranded,
    "unregistered named": stray,
    "registered": stranger,
    "outsider": outsider,
    "named": named,
    "namesake": namesake,
    "register": SYSTEM,
}

UNREGISTERED = {"outsider", "unregistered auditor", "unregistered named"}
CONCERNED = {"auditor", "auditor of requesting", "auditor of deciding"}
SEES = {
    CLEAR: set(EVERYBODY),
    GREEN: EVERYBODY.keys() - UNREGISTERED,
    AMBER: {"author", "requesting", "deciding", "register", *CONCERNED},
    STRICT: {"author", "author elsewhere", "deciding", "register", *CONCERNED},
    RED: {"author", "author elsewhere", "named", "register"},
}


def sees_request(register: MemoryRegister, actor: Actor) -> bool:
    request = register.states[REQUEST]
    return register.ask(lambda context: is_request_visible(request, context), actor, REQUEST)


def sees_incident(register: MemoryRegister, actor: Actor, now: datetime = NOW) -> bool:
    state = register.states[CANAL]
    return register.ask(lambda context: is_incident_visible(state, context), actor, CANAL, now)


def of_kind(marking: Marking) -> dict[str, Any]:
    return {"marking": marking, "recipients": (named.subject,) if marking is RED else ()}


@pytest.mark.parametrize(("marking", "who"), list(product(Marking, EVERYBODY)))
def test_who_may_see_a_request(marking: Marking, who: str) -> None:
    register = given(*PREPARED, mandate(), submission(**of_kind(marking))).register
    assert sees_request(register, EVERYBODY[who]) is (who in SEES[marking])


@pytest.mark.parametrize(("marking", "who"), list(product(Marking, EVERYBODY)))
def test_who_may_see_an_incident(marking: Marking, who: str) -> None:
    register = given(*PREPARED, mandate(), incident(**of_kind(marking))).register
    assert sees_incident(register, EVERYBODY[who]) is (who in SEES[marking])


ALL_OF = {
    CLEAR: set(EVERYBODY),
    GREEN: EVERYBODY.keys() - UNREGISTERED,
    AMBER: {"auditor", "register"},
    STRICT: {"auditor", "register"},
    RED: {"register"},
}


@pytest.mark.parametrize(("marking", "who"), list(product(Marking, EVERYBODY)))
def test_who_sees_all_that_has_a_marking(marking: Marking, who: str) -> None:
    """As whoever sees what was written by somebody that they have nothing to do with."""
    looks = given(*PREPARED).register.ask(
        partial(authority.viewer, actor=EVERYBODY[who], holds=[Region("zz")]), admin, REQUEST
    )
    elsewhere = someone("elsewhere", AuthorityCode("elsewhere"))
    of_others = audience(marking, author=elsewhere, involved=[elsewhere.authority], deciding=[elsewhere.authority])
    assert (marking in looks.sees_all_of) is looks.sees(of_others) is (who in ALL_OF[marking])


@for_all(st.tuples(*[st.text("a|%2575C:", max_size=6) | st.text(max_size=6)] * 4))
@example(("mandate", "other|b", "mandate|other", "b"))
@example(("a|", "b", "a", "|b"))
@example(("a|", "b", "a%7C", "b"))
@example(("a%7C", "b", "a%257C", "b"))
def test_two_persons_never_have_the_same_token(pairs: tuple[str, str, str, str]) -> None:
    issuer, subject, other_issuer, other_subject = pairs
    one, other = person(issuer, Subject(subject)), person(other_issuer, Subject(other_subject))
    assert (one == other) is ((issuer, subject) == (other_issuer, other_subject))
    assert one not in {"everybody", "registered", "auditors"}
    assert not one.startswith(("authority:", "auditors:", "region:"))


def test_the_token_of_a_usual_person_names_issuer_and_subject() -> None:
    assert person("mandate", Subject("ana|b%")) == "person:mandate|ana|b%"


def test_who_has_the_same_letters_in_issuer_and_subject_sees_nothing_that_is_anothers() -> None:
    author = Actor(issuer="mandate", subject=Subject("other|b"), authority=PRISTINA, roles=(Role.REQUESTER,))
    double = Actor(issuer="mandate|other", subject=Subject("b"), authority=THIRD, roles=(Role.REQUESTER,))
    register = given(*REGISTERED, mandate(), incident(by=author, marking=RED)).register
    assert sees_incident(register, author)
    assert not sees_incident(register, double)


@pytest.mark.parametrize("marking", [AMBER, STRICT])
def test_an_authority_sees_an_incident_that_was_referred_to_it(marking: Marking) -> None:
    referral = Past(event=IncidentReferred(authority=THIRD, reason=WHY), by=investigator)
    past = (*REGISTERED, mandate(), incident(marking=marking))
    assert not sees_incident(given(*past).register, stranger)
    assert sees_incident(given(*past, referral).register, stranger)


@pytest.mark.parametrize("marking", [AMBER, STRICT])
def test_a_mandate_then_or_now_nearer_or_wider_lets_an_authority_see_an_incident(marking: Marking) -> None:
    far = incident(marking=marking, region=Region("zz/north/town"), covered_by=())
    for region in (Region("zz"), Region("zz/north"), Region("zz/north/town")):
        assert sees_incident(given(*REGISTERED, far, mandate(region, of=THIRD)).register, stranger)
    for region in (Region("zz/south"), Region("zz/north/town/street"), Region("zz/nor")):
        assert not sees_incident(given(*REGISTERED, far, mandate(region, of=THIRD)).register, stranger)
    then = given(*REGISTERED, incident(marking=marking, covered_by=(THIRD, KFOR))).register
    assert sees_incident(then, stranger)
    assert sees_incident(then, reviewer)


def test_an_ended_mandate_grants_no_visibility_of_later_incidents() -> None:
    over = Past(event=MandateEnded(authority=THIRD, region=Region("zz"), reason=WHY, at=NOW), by=admin)
    far = incident(region=Region("zz"), covered_by=())
    register = given(*REGISTERED, mandate(Region("zz"), of=THIRD), over, far).register
    assert (sees_incident(register, stranger), sees_incident(register, stranger, NOW - DAY)) == (False, True)


OF_EVIDENCE = {
    GREEN: {*EVERYBODY, "recorder"} - UNREGISTERED,
    AMBER: {"author", "requesting", "deciding", "recorder", "register", *CONCERNED},
    STRICT: {"deciding", "recorder", "register", *CONCERNED},
    RED: {"recorder", "register"},
}


@pytest.mark.parametrize("marking", OF_EVIDENCE)
def test_who_may_see_a_piece_of_evidence(marking: Marking) -> None:
    """On a GREEN incident: its author has no part in evidence that another recorded."""
    recorder = someone("recorder", KFOR, Role.INVESTIGATOR)
    register = given(*PREPARED, mandate(), incident(marking=GREEN), evidence(by=recorder, marking=marking)).register
    state = register.states[CANAL]
    seen_by = state.audience_of(state.evidence[0])
    lookers = {**EVERYBODY, "recorder": recorder}
    viewers = {
        who: register.ask(partial(viewer_for, actor=actor, incident=state), actor, CANAL)
        for who, actor in lookers.items()
    }
    assert {who for who, each in viewers.items() if each.sees(seen_by)} == OF_EVIDENCE[marking]


def test_red_evidence_is_for_its_author_and_the_recipients_of_the_incident() -> None:
    recorder = someone("recorder", KFOR, Role.INVESTIGATOR)
    of_another_issuer = replace(recorder, issuer="another")
    red = incident(marking=RED, recipients=(named.subject, of_another_issuer.subject))
    register = given(*REGISTERED, mandate(), red, evidence(by=of_another_issuer, marking=RED)).register
    state = register.states[CANAL]
    seen_by = state.audience_of(state.evidence[0])
    expected = {person(of_another_issuer.issuer, recorder.subject), person("mandate", named.subject)}
    assert seen_by == expected | {person("mandate", recorder.subject)}
    assert person("another", named.subject) not in seen_by


def test_a_recipient_of_another_issuer() -> None:
    elsewhere = replace(named, issuer="https://id.example/a|b%7C")
    token = person(elsewhere.issuer, elsewhere.subject)
    named_so: dict[str, Any] = {"marking": RED, "recipients": (Subject(token),)}
    register = given(*REGISTERED, mandate(), submission(**named_so), incident(**named_so)).register
    assert token in register.states[REQUEST].audience
    assert token in register.states[CANAL].audience
    for who, sees in ((elsewhere, True), (named, False)):
        assert sees_request(register, who) is sees
        assert sees_incident(register, who) is sees


def test_the_register_sees_everything_and_a_stranger_to_it_what_is_clear() -> None:
    nothing = frozenset[str]()
    assert viewer(SYSTEM, registered=False, holds=()).sees(nothing)
    assert not Viewer(frozenset({"everybody"})).sees(nothing)
    everybody = audience(CLEAR, author=requester)
    assert viewer(outsider, registered=False, holds=()).sees(everybody)


def test_a_region_alone_grants_no_visibility_of_a_request() -> None:
    held = viewer(stranger, registered=True, holds=(Region("xk"),))
    assert not held.sees(given(*REPORTED, submission()).register.states[REQUEST].audience)


def test_no_code_or_subject_can_pose_as_another_kind_of_token() -> None:
    posing = Actor(issuer="x", subject=Subject("auditors"), authority=AuthorityCode("everybody"), roles=())
    assert not viewer(posing, registered=True, holds=()).sees(audience(AMBER, author=requester, involved=(PRISTINA,)))


@pytest.mark.parametrize("marking", [AMBER, STRICT])
def test_evidence_is_seen_by_those_who_decide_on_its_incident_and_by_whom_it_was_referred_to(marking: Marking) -> None:
    helper = someone("helper", FOURTH, Role.INVESTIGATOR)
    referral = Past(event=IncidentReferred(authority=THIRD, reason=WHY), by=investigator)
    far = incident(marking=GREEN, region=Region("zz"))
    register = given(*PREPARED, far, evidence(by=helper, marking=marking), referral).register
    state = register.states[CANAL]
    seen_by = state.audience_of(state.evidence[0])
    colleague_of_its_author = replace(helper, subject=Subject("another"))
    expected = {reviewer: True, stranger: True, helper: True, colleague_of_its_author: marking is AMBER}
    for actor, sees in expected.items():
        viewed = register.ask(partial(viewer_for, actor=actor, incident=state), actor, CANAL)
        assert viewed.sees(seen_by) is sees, actor


@pytest.mark.parametrize("marking", [AMBER, STRICT])
def test_a_mandate_of_today_over_the_place_lets_its_authority_see_the_evidence(marking: Marking) -> None:
    past = (*REGISTERED, incident(marking=GREEN, region=Region("zz"), covered_by=()), evidence(marking=marking))
    for granted, sees in (((), False), ((mandate(Region("zz"), of=THIRD),), True)):
        register = given(*past, *granted).register
        state = register.states[CANAL]
        viewed = register.ask(partial(viewer_for, actor=stranger, incident=state), stranger, CANAL)
        assert viewed.sees(state.audience_of(state.evidence[0])) is sees


@pytest.mark.parametrize("marking", Marking)
def test_a_principal_sees_what_was_done_on_their_behalf_as_its_author(marking: Marking) -> None:
    """Both see what either would see who had done it alone, and nobody else does."""
    deputy = replace(colleague, on_behalf_of=requester.person)

    def audiences(by: Actor) -> list[frozenset[str]]:
        done = (incident(by=by, marking=marking), submission(by=by, marking=marking), evidence(by=by, marking=marking))
        register = given(*REGISTERED, mandate(), *done).register
        request, found = register.states[REQUEST], register.states[CANAL]
        return [request.audience, found.audience, found.audience_of(found.evidence[0])]

    principals, deputies = audiences(requester), audiences(replace(deputy, on_behalf_of=None))
    assert audiences(deputy) == [either | other for either, other in zip(principals, deputies, strict=True)]
