"""Every event of a request has its place in the dossier: a new one is either a decision or listed here."""

from typing import get_type_hints

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import RequestStatus
from domain.vocabulary import Text
from service.exchange.dossier.material_reader import ACTIONS
from service.exchange.dossier.timeline_section import WRITTEN
from service.exchange.visible_log.status_text import AFTER_APPROVAL

NO_DECISIONS = [
    "RequestSubmitted",
    "RequestAmended",
    "ReviewBegun",
    "RequestEndorsed",
    "EndorsementChanged",
    "ReviewerRecused",
    "RequestAssigned",
    "NoticeGiven",
    "StatementMade",
    "ExtensionAsked",
    "ExtensionEndorsed",
    "FulfilmentReported",
    "FulfilmentAccepted",
    "FulfilmentSentBack",
    "RequestRemarked",
    "RequestMarkingProposed",
    "RequestMarkingChanged",
    "SuccessorNamed",
]


def test_every_event_of_a_request_is_a_decision_or_none() -> None:
    assert sorted([*ACTIONS, *NO_DECISIONS]) == sorted(event.__name__ for event in DEPLOYMENT_REQUEST.events)
    assert {*ACTIONS.values()} <= {step.action for step in STEPS}


def test_every_decision_that_only_an_approval_allows_is_in_its_standing() -> None:
    of_approvals = {step.action for step in STEPS if step.states == {RequestStatus.APPROVED}}
    assert {*AFTER_APPROVAL} == {name for name, action in ACTIONS.items() if action in of_approvals}


def test_every_text_that_an_event_always_has_is_quoted() -> None:
    """And why a finding changed, if one did."""
    events = (*DEPLOYMENT_REQUEST.events, *INCIDENT.events)
    texts = {name for event in events for name, hint in get_type_hints(event).items() if hint is Text}
    assert {*WRITTEN} == texts | {"changedBecause"}
