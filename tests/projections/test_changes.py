"""The changes of an event, in the names of the contract."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import GraphQLNamedType, build_schema, get_named_type

from domain.deployment_request import events
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import Period, Region, Strength
from projections.rows.api_terms import TERMS, MandateHolder, payload
from projections.rows.audit_entries import subject_of
from projections.rows.changes import changes
from projections.views.audit_trail import evolve
from tests.domain.case import (
    BRIDGE,
    CANAL,
    KFOR,
    PERIOD,
    REGISTERED,
    REPORTED,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    amendment,
    approval,
    endorsement,
    finding,
    ground,
    incident,
    mandate,
    requester,
    resumed,
    second_reviewer,
    submission,
    withheld,
)
from tests.projections.histories import Histories
from tests.specification import MemoryRegister, Past

SCHEMA = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())
NOT_IN_CHANGES = {
    "Actor": {"name"},
    "DeploymentRequest": {"availableActions", "changes", "explanation", "history", "updatedAt", "version"},
    "Hold": {"overdue"},
    "Incident": {"deploymentRequests", "history", "version"},
}


def changed(*past: Past) -> dict[str, tuple[Any, Any]]:
    """What the last event changed in its subject: path -> before, after."""
    register = MemoryRegister()
    *earlier, last = [register.record(each) for each in past]
    before = None
    for recorded in earlier:
        if subject_of(recorded) == subject_of(last):
            before = evolve(before, recorded)
    return {change.path: (change.before, change.after) for change in changes(before, evolve(before, last))}


def amended(**terms: Any) -> Past:
    return Past(event=events.RequestAmended(reason=WHY, **terms), by=requester)


def test_a_change_is_reported_at_the_deepest_field_that_differs() -> None:
    period = Period(start=PERIOD.start, end=datetime(2025, 1, 1, tzinfo=UTC))
    assert changed(*SUBMITTED, amended(strength=Strength(80), period=period)) == {
        "revision": (1, 2),
        "strength": (120, 80),
        "period.end": ("2025-06-15T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"),
    }


def test_items_of_lists_are_identified_by_their_index() -> None:
    longer = changed(*SUBMITTED, amended(incidents=(CANAL, BRIDGE)))
    assert longer == {"revision": (1, 2), "incidents.1": (None, str(BRIDGE))}
    shorter = changed(submission(incidents=(CANAL, BRIDGE)), amended(incidents=(BRIDGE,)))
    assert shorter["incidents.0"] == (str(CANAL), str(BRIDGE))
    assert shorter["incidents.1"] == (str(BRIDGE), None)


def test_what_appears_or_goes_is_reported_at_its_own_path() -> None:
    held = changed(*UNDER_REVIEW, withheld())
    assert held.keys() == {"status", "hold"}
    assert held["hold"][0] is None
    reviewer_of_kfor = {"subject": "reviewer", "issuer": "mandate", "authority": "kfor", "roles": ["REVIEWER"]}
    assert held["hold"][1]["heldBy"] == reviewer_of_kfor
    gone = changed(*WITHHELD, resumed())
    assert gone["hold"][1] is None
    assert gone["status"] == ("WITHHELD_PENDING_ATTRIBUTION", "UNDER_REVIEW")


def test_of_a_new_subject_every_field_appears() -> None:
    found = changed(*REPORTED, submission())
    assert found["reference"] == (None, "pristina-2024-0001")
    assert found["period"] == (None, {"start": "2024-12-15T00:00:00.000000Z", "end": "2025-06-15T00:00:00.000000Z"})
    assert "hold" not in found


def test_an_amendment_takes_the_weight_of_endorsements() -> None:
    found = changed(*UNDER_REVIEW, endorsement(by=second_reviewer), amendment)
    assert found["endorsements.0.counts"] == (True, False)


def test_a_decision_shows_its_grounds_as_they_stood() -> None:
    found = changed(*UNDER_REVIEW, approval(ground(2)))
    assert found["decision"][1]["grounds"] == [
        {
            "incident": str(CANAL),
            "responsibleParty": "EXERCISE: the Red party",
            "likelihood": "LIKELY",
            "confidence": "MODERATE",
        }
    ]


def test_another_finding_is_reported_field_by_field() -> None:
    found = changed(incident(), finding(), finding(party="EXERCISE: the Blue party"))
    assert found["attribution.responsibleParty"] == ("EXERCISE: the Red party", "EXERCISE: the Blue party")
    assert "attributionStatus" not in found


def test_mandates_are_reported_of_their_authority_in_the_order_in_which_they_were_granted() -> None:
    """Each is in the stream of its region, the second one's before the first's in the order of their names."""
    found = changed(*REGISTERED, mandate(over=Region("xl")), mandate(over=Region("xk")))
    assert found.keys() == {"mandates.1"}
    assert found["mandates.1"][1]["region"] == "xk"


def test_what_was_left_out_of_an_event_is_left_out_of_its_payload() -> None:
    assert payload(amendment.event) == {"strength": 100, "reason": "EXERCISE: because"}
    assert payload(withheld().event)["minimumLikelihood"] == "LIKELY"


def to_api(state: Any) -> dict[str, Any]:
    return {term.name: term.convert(state) for term in TERMS[type(state)]}


def test_changes_have_the_fields_of_the_schema() -> None:
    """Every path of a change is a field of the served schema, and its value has the field's form. Every other field is
    listed in NOT_IN_CHANGES: it depends on the viewer or the time, or every event changes it."""
    histories = Histories(1)
    histories.items(300)
    states = list(histories.states.values())
    covered: dict[str, set[str]] = defaultdict(set)
    for kind, name in ((DeploymentRequest, "DeploymentRequest"), (Incident, "Incident")):
        found = [state for state in states if isinstance(state, kind)]
        assert len(found) > 3
        for state in found:
            conforms(to_api(state), SCHEMA.type_map[name], name, covered)
    missing = {kind: {*_fields(kind)} - names for kind, names in covered.items()}
    assert {kind: names for kind, names in missing.items() if names} == NOT_IN_CHANGES
    holder = MandateHolder(code=KFOR)
    assert to_api(holder).keys() <= set(SCHEMA.type_map["Authority"].fields)  # type: ignore[attr-defined]


def _fields(kind: str) -> Iterable[str]:
    return SCHEMA.type_map[kind].fields  # type: ignore[attr-defined,no-any-return]


def conforms(value: Any, kind: GraphQLNamedType, path: str, covered: dict[str, set[str]]) -> None:
    """covered: kind -> names of its fields that were found."""
    fields = getattr(kind, "fields", None)
    if isinstance(value, list):
        for each in value:
            conforms(each, kind, path, covered)
    elif isinstance(value, dict) and kind.name != "JSON":
        assert fields is not None, path
        covered[kind.name] |= value.keys()
        for name, each in value.items():
            assert name in fields, f"{path}.{name}"
            conforms(each, get_named_type(fields[name].type), f"{path}.{name}", covered)
    elif fields is not None and value is not None:
        assert kind.name in {"Authority", "Incident", "Evidence"}, f"{path} has the value {value}"
