"""The region of a request is amended where the same authority decides."""

from domain.deployment_request.commands import AmendRequest
from domain.deployment_request.events import RequestAmended
from domain.refusals import InvalidInput
from domain.region import RegionName, RegionRegistered
from domain.vocabulary import Label, Language, Quorum, Region
from tests.domain.case import (
    KFOR,
    PLACE,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    admin,
    approver,
    begun,
    endorsement,
    mandate,
    requester,
    submission,
)
from tests.specification import Past, given

SOUTH = Region("xk/south")


def test_the_region_is_amended_where_the_same_authority_decides() -> None:
    nearer = mandate(SOUTH, endorsements_required=Quorum(3), hearing=True)
    command = AmendRequest(region=SOUTH, reason=WHY)
    request = (
        given(*UNDER_REVIEW, nearer)
        .when(command, by=requester)
        .then(RequestAmended(region=SOUTH, endorsements_required=Quorum(3), hearing=True, reason=WHY))
    )
    assert (request.region, request.former_regions, request.revision) == (SOUTH, (PLACE,), 2)
    assert (request.endorsements_required, request.hearing_required) == (3, True)
    assert (request.deciding_authority, request.strength) == (KFOR, 120)


def test_who_amends_the_region_goes_by_the_mandate_there() -> None:
    """Three endorsements, as the place asks for, and not the one that was enough elsewhere."""
    strict = (*REPORTED, mandate(PLACE, endorsements_required=Quorum(3)), submission(region=SOUTH), begun)
    register = given(*strict, endorsement()).register
    assert "APPROVE" in register.available(approver, REQUEST)
    register.command(AmendRequest(region=PLACE, reason=WHY), requester)
    register.record(endorsement(revision=2))
    assert "APPROVE" not in register.available(approver, REQUEST)
    register.command(AmendRequest(region=SOUTH, reason=WHY), requester)
    assert register.states[REQUEST].endorsements_required == 1


def test_elsewhere_another_authority_decides_and_the_refusal_names_it() -> None:
    command = AmendRequest(region=SOUTH, reason=WHY)
    given(*SUBMITTED, mandate(SOUTH, of=THIRD)).when(command, by=requester).refused(
        InvalidInput,
        "third decides on 'xk/south', and kfor on this request: withdraw it, and submit another for that region.",
        at=("region",),
    )
    given(*SUBMITTED).when(AmendRequest(region=Region("zz"), reason=WHY), by=requester).refused(
        InvalidInput, "No mandate covers 'zz': name a region that kfor decides on.", at=("region",)
    )


def test_an_amended_region_is_registered_where_regions_are() -> None:
    names = (RegionName(language=Language("en"), name=Label("Kosovo")),)
    known = Past(event=RegionRegistered(authority=KFOR, path=Region("xk"), names=names), by=admin)
    other = mandate(Region("zz"))
    given(*SUBMITTED, known, other).when(AmendRequest(region=Region("zz"), reason=WHY), by=requester).refused(
        InvalidInput, "No region 'zz'", at=("region",)
    )
