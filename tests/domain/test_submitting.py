"""A request is submitted, amended and withdrawn by those who ask."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import pytest

from domain.deployment_request.commands import AmendRequest, SubmitRequest, WithdrawRequest
from domain.deployment_request.events import RequestAmended, RequestSubmitted, RequestWithdrawn
from domain.deployment_request.state import RequestStatus
from domain.refusals import InvalidInput, NotFound, NotPermitted
from domain.vocabulary import (
    SYSTEM,
    AuthorityCode,
    Days,
    IncidentId,
    Label,
    Marking,
    Period,
    Quorum,
    Region,
    Role,
    Strength,
    Subject,
    Text,
)
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    ENDORSED,
    KFOR,
    NOWHERE,
    PERIOD,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    colleague,
    incident,
    mandate,
    person,
    requester,
    reviewer,
    stranger,
    submission,
    withheld,
)
from tests.specification import NOW, Past, given

ASKED = SubmitRequest(
    force=Label("Kosovo Security Force"),
    strength=Strength(120),
    region=PLACE,
    purpose=Text("To guard the canal."),
    period=PERIOD,
    incidents=(CANAL,),
)
SUBMISSION: RequestSubmitted = submission().event


def test_a_request_goes_to_the_authority_whose_mandate_covers_the_region() -> None:
    request = given(*REPORTED).when(ASKED, by=requester).then(SUBMISSION)
    assert (request.status, request.revision, request.version) == (RequestStatus.SUBMITTED, 1, 1)
    assert (request.submitted_by, request.submitted_at) == (requester, NOW)


def test_it_goes_to_the_nearest_and_keeps_the_endorsements_that_were_asked_for_then() -> None:
    nearer = mandate(Region("xk/north"), of=THIRD, endorsements_required=Quorum(3))
    expected = replace(SUBMISSION, deciding_authority=THIRD, endorsements_required=Quorum(3), incidents=())
    register = given(*REPORTED, nearer).register
    assert register.command(replace(ASKED, incidents=()), requester) == (expected,)
    register.record(mandate(Region("xk/north/zubin-potok"), of=KFOR, endorsements_required=Quorum(9)))
    assert register.states[REQUEST].endorsements_required == 3


def test_it_is_to_be_decided_within_the_days_of_the_mandate_of_then() -> None:
    timed = mandate(Region("xk/north"), of=KFOR, answer_within_days=Days(14))
    expected = replace(SUBMISSION, incidents=(), answer_within_days=Days(14))
    register = given(*REPORTED, timed).register
    assert register.command(replace(ASKED, incidents=()), requester) == (expected,)
    register.record(mandate(Region("xk/north/zubin-potok"), of=KFOR, answer_within_days=Days(1)))
    assert register.states[REQUEST].answer_by == NOW + timedelta(days=14)


def test_references_are_numbered_by_requesting_authority_and_year() -> None:
    register = given(*REGISTERED, mandate()).register
    asked = replace(ASKED, incidents=())
    other = person("other", THIRD, Role.REQUESTER)
    asks = [(requester, NOW), (requester, NOW), (other, NOW), (requester, datetime(2025, 1, 1, tzinfo=UTC))]
    references = []
    for number, (actor, now) in enumerate(asks):
        answer = register.command(asked, actor, on=uuid5(NOWHERE, str(number)), now=now)
        assert isinstance(answer, tuple)
        references.append(answer[0].reference)
    assert references == ["pristina-2024-0001", "pristina-2024-0002", "third-2024-0001", "pristina-2025-0001"]


def test_what_is_named_twice_is_named_once() -> None:
    twice = replace(ASKED, incidents=(CANAL, CANAL), marking=Marking.RED, recipients=(Subject("x"), Subject("x")))
    once = replace(SUBMISSION, marking=Marking.RED, recipients=(Subject("x"),))
    given(*REPORTED).when(twice, by=requester).then(once)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.REQUESTER}))
def test_only_a_requester_asks(role: Role) -> None:
    given(*REPORTED).when(ASKED, by=person("x", PRISTINA, role)).refused(NotPermitted, "takes a requester")


def test_the_register_itself_asks_for_nothing() -> None:
    given(*REPORTED).when(ASKED, by=SYSTEM).refused(NotPermitted)


def test_only_a_registered_authority_asks() -> None:
    unknown = person("x", AuthorityCode("unknown"), Role.REQUESTER)
    given(*REPORTED).when(ASKED, by=unknown).refused(
        NotPermitted, "unknown is not registered: an administrator can register it."
    )


def test_a_request_without_a_mandate_over_its_region_is_refused() -> None:
    elsewhere = replace(ASKED, region=Region("zz"))
    given(*REPORTED).when(elsewhere, by=requester).refused(
        InvalidInput,
        "No mandate covers 'zz' at the time of the request: an administrator can grant one.",
        at=("region",),
    )
    early = mandate().event.valid_from - DAY
    given(*REPORTED).when(ASKED, by=requester, now=early).refused(InvalidInput, at=("region",))


def test_an_authority_does_not_ask_itself() -> None:
    own = mandate(PLACE, of=PRISTINA)
    given(*REPORTED, own).when(ASKED, by=requester).refused(
        InvalidInput,
        "pristina itself decides on 'xk/north/zubin-potok': another authority has to request it.",
        at=("region",),
    )


@pytest.mark.parametrize("hidden", [IncidentId(NOWHERE), IncidentId(REQUEST), BRIDGE])
def test_it_names_only_incidents_that_its_author_may_see(hidden: IncidentId) -> None:
    unseen = incident(BRIDGE, by=reviewer)
    given(*REPORTED, unseen).when(replace(ASKED, incidents=(CANAL, hidden)), by=requester).refused(
        InvalidInput, f"no such incident that you may see: {hidden}.", at=("incidents",)
    )


def test_it_names_only_incidents_that_the_deciding_authority_may_see() -> None:
    far = incident(BRIDGE, reference="pristina-i-2024-0002", region=Region("zz"), covered_by=())
    both = replace(ASKED, incidents=(CANAL, BRIDGE))
    given(*REPORTED, far).when(both, by=requester).refused(
        InvalidInput, "kfor, which decides, may not see pristina-i-2024-0002: have it referred", at=("incidents",)
    )


def test_a_mandate_of_another_does_not_let_the_deciding_authority_see() -> None:
    far = incident(BRIDGE, region=Region("zz"), covered_by=())
    given(*REPORTED, far, mandate(Region("zz"), of=THIRD)).when(
        replace(ASKED, incidents=(BRIDGE,)), by=requester
    ).refused(InvalidInput, "kfor, which decides, may not see", at=("incidents",))


def test_what_neither_may_see_is_not_named_to_either() -> None:
    theirs = incident(BRIDGE, by=stranger, reference="third-i-2024-0001", region=Region("zz"), covered_by=())
    when = given(*REPORTED, theirs).when(replace(ASKED, incidents=(BRIDGE,)), by=requester)
    when.refused(InvalidInput, f"no such incident that you may see: {BRIDGE}.", at=("incidents",))
    assert "third-i-2024-0001" not in str(when.answer)


@pytest.mark.parametrize("marking", [Marking.CLEAR, Marking.GREEN, Marking.RED])
def test_but_for_one_that_is_for_named_persons_alone(marking: Marking) -> None:
    far = incident(BRIDGE, region=Region("zz"), covered_by=(), marking=marking)
    both = replace(ASKED, incidents=(CANAL, BRIDGE))
    given(*REPORTED, far).when(both, by=requester).then(replace(SUBMISSION, incidents=(CANAL, BRIDGE)))


def test_a_mandate_of_today_over_the_place_lets_its_authority_see() -> None:
    old = incident(BRIDGE, region=Region("zz/north"), covered_by=())
    both = replace(ASKED, incidents=(CANAL, BRIDGE))
    given(*REPORTED, old, mandate(Region("zz"))).when(both, by=requester).then(
        replace(SUBMISSION, incidents=(CANAL, BRIDGE))
    )


AMENDED = AmendRequest(strength=Strength(90), reason=WHY)


@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD])
def test_an_amendment_raises_the_revision(history: tuple[Past, ...]) -> None:
    request = given(*history).when(AMENDED, by=requester).then(RequestAmended(strength=Strength(90), reason=WHY))
    assert (request.strength, request.revision, request.force) == (90, 2, SUBMISSION.force)
    assert request.status == given(*history).register.states[REQUEST].status


def test_each_field_can_be_amended_and_the_others_stay() -> None:
    period = Period(start=PERIOD.start, end=PERIOD.end + DAY)
    given_ = given(*SUBMITTED, incident(BRIDGE))
    command = AmendRequest(
        force=Label("Civil guard"), purpose=Text("To repair it."), period=period, incidents=(BRIDGE, BRIDGE), reason=WHY
    )
    request = given_.when(command, by=requester).then(
        RequestAmended(
            force=Label("Civil guard"), purpose=Text("To repair it."), period=period, incidents=(BRIDGE,), reason=WHY
        )
    )
    assert (request.force, request.purpose, request.period) == (command.force, command.purpose, period)
    assert (request.incidents, request.strength, request.region) == ((BRIDGE,), 120, PLACE)


def test_terms_that_come_out_the_same_are_a_revision_too() -> None:
    same = AmendRequest(strength=Strength(120), reason=WHY)
    assert given(*SUBMITTED).when(same, by=requester).then(RequestAmended(strength=Strength(120), reason=WHY))


def test_who_amends_is_interested_from_then_on_and_endorsements_are_void() -> None:
    register = given(*ENDORSED).register
    assert register.states[REQUEST].counts(register.states[REQUEST].endorsements[0])
    register.command(AMENDED, colleague)
    request = register.states[REQUEST]
    assert {part.person for part in request.authors} == {requester.person, colleague.person}
    assert not request.counts(request.endorsements[0])


def test_an_amendment_names_something() -> None:
    given(*SUBMITTED).when(AmendRequest(reason=WHY), by=requester).refused(
        InvalidInput, "Name at least one of force, strength, region, purpose, period and incidents", at=("force",)
    )


def test_it_cannot_drop_what_a_hold_awaits() -> None:
    drop = AmendRequest(incidents=(), reason=WHY)
    given(*WITHHELD).when(drop, by=requester).refused(
        InvalidInput, "The hold awaits a finding on pristina-i-2024-0001: name it too.", at=("incidents",)
    )
    given(*UNDER_REVIEW).when(drop, by=requester).then(RequestAmended(incidents=(), reason=WHY))
    given(*WITHHELD, incident(BRIDGE)).when(replace(drop, incidents=(BRIDGE, CANAL)), by=requester).then(
        RequestAmended(incidents=(BRIDGE, CANAL), reason=WHY)
    )


def test_it_neither_drops_nor_learns_of_what_its_author_may_not_see() -> None:
    hidden = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001")
    register = given(*UNDER_REVIEW, hidden, withheld(BRIDGE)).register
    answer = register.command(AmendRequest(incidents=(), reason=WHY), requester)
    assert answer == (RequestAmended(incidents=(BRIDGE,), reason=WHY),)
    assert register.states[REQUEST].incidents == (BRIDGE,)


def test_it_adds_only_incidents_that_its_author_and_the_deciding_authority_may_see() -> None:
    add = AmendRequest(incidents=(CANAL, BRIDGE), reason=WHY)
    given(*SUBMITTED, incident(BRIDGE, by=reviewer)).when(add, by=requester).refused(InvalidInput, at=("incidents",))
    far = incident(BRIDGE, region=Region("zz"), covered_by=())
    given(*SUBMITTED, far).when(add, by=requester).refused(InvalidInput, "kfor, which decides", at=("incidents",))


def test_incidents_already_named_are_not_checked_again() -> None:
    far = incident(region=Region("zz"), covered_by=())
    keep = AmendRequest(incidents=(CANAL,), reason=WHY)
    given(*REPORTED[:-1], far, *SUBMITTED[5:]).when(keep, by=requester).then(
        RequestAmended(incidents=(CANAL,), reason=WHY)
    )


@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD])
def test_the_requesting_authority_withdraws_a_request(history: tuple[Past, ...]) -> None:
    request = given(*history).when(WithdrawRequest(reason=WHY), by=colleague).then(RequestWithdrawn(reason=WHY))
    assert (request.status, request.hold) == (RequestStatus.WITHDRAWN, None)


@pytest.mark.parametrize("command", [AMENDED, WithdrawRequest(reason=WHY)])
def test_what_is_not_there_or_may_not_be_seen_is_not_found(command: object) -> None:
    given(*SUBMITTED).when(command, by=stranger).refused(NotFound)
    given(*SUBMITTED).when(command, by=requester, on=NOWHERE).refused(NotFound)
    given(*SUBMITTED).when(command, by=requester, on=CANAL).refused(NotFound)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("force", Label("Civil guard")),
        ("strength", Strength(1)),
        ("purpose", Text("To repair it.")),
        ("period", Period(start=PERIOD.start, end=PERIOD.end + DAY)),
        ("incidents", ()),
    ],
)
def test_one_field_is_enough_to_amend(field: str, value: object) -> None:
    named: dict[str, Any] = {field: value}
    command = replace(AmendRequest(reason=WHY), **named)
    request = given(*SUBMITTED).when(command, by=requester).then(replace(RequestAmended(reason=WHY), **named))
    assert getattr(request, field) == value
