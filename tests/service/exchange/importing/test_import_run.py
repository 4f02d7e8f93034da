"""Histories are decided as of then, recorded whole and once; what is refused is listed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.catalogue import DEPLOYMENT_REQUEST, fold
from domain.deployment_request.events import RequestSubmitted
from domain.deployment_request.state import RequestStatus
from domain.idempotency_key import KeyClaimed
from domain.incident.events import IncidentReported
from domain.vocabulary import Role
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    CLERK,
    EXAMPLE,
    FOUNDED,
    REVIEWS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


def requests(register: Importer) -> list[Any]:
    subjects = [recorded.stream for recorded in register.log if isinstance(recorded.event, RequestSubmitted)]
    return [fold(DEPLOYMENT_REQUEST, register.store.stream(subject)) for subject in subjects]


def test_the_example_is_recorded_with_its_times_and_persons(register: Importer) -> None:
    totals = register.reads(EXAMPLE)
    assert (totals.lines, totals.recorded, totals.histories) == (14, 13, 4)
    assert register.refused == [(11, "TransitionRefused", [])]
    [request] = requests(register)
    assert request.reference == "exercise-lowland-2017-0001"
    assert request.status is RequestStatus.APPROVED
    assert request.submitted_at == datetime(2017, 3, 3, 8, tzinfo=UTC)
    assert request.updated_at > datetime(2024, 1, 1, tzinfo=UTC), (
        "what the register says, it says since it was recorded"
    )
    decision = request.decision
    assert decision.decided_at == datetime(2017, 3, 12, 10, tzinfo=UTC)
    assert (decision.decided_by.subject, decision.decided_by.roles) == ("colonel", (Role.APPROVER,))
    assert decision.granted_strength == 25
    assert decision.conditions[0].is_fulfilled
    assert [ground.likelihood for ground in decision.grounds] == ["LIKELY"]


def test_a_file_has_one_correlation_and_no_cause(register: Importer) -> None:
    register.reads(EXAMPLE)
    assert {recorded.causation for recorded in register.log} == {None}
    assert len({recorded.correlation for recorded in register.log}) == 1
    events = [recorded for recorded in register.log if not isinstance(recorded.event, KeyClaimed)]
    assert all(recorded.occurred_at is not None for recorded in events)
    [reported] = [recorded for recorded in events if isinstance(recorded.event, IncidentReported)]
    assert reported.event.reference == "exercise-lowland-i-2017-0001"


def test_nothing_comes_between_the_lines_of_a_history(register: Importer) -> None:
    remark = line("", "remarkOnDeploymentRequest", "2017-03-02", ASKS, WHY)
    register.takes(*FOUNDED, *(each for n in range(9) for each in (asked(f"{n}"), {**remark, "history": f"{n}"})))
    expected = ["RequestSubmitted", "NumberAssigned", "RequestRemarked", "KeyClaimed"]
    assert register.names()[-4 * 9 :] == 9 * expected


def test_a_second_run_decides_nothing_again_and_lists_earlier_refusals(register: Importer) -> None:
    register.reads(EXAMPLE)
    head = register.store.head()
    totals = register.reads(EXAMPLE)
    assert register.store.head() == head
    assert (totals.recorded, totals.refused, totals.repeated_lines, totals.refused_before) == (0, 0, 14, 1)
    assert {"history": "patrol", "lines": [7, 14], "refused_before": 1} in register.reported


def test_an_interrupted_run_is_resumed(register: Importer, database_urls: DatabaseUrls) -> None:
    whole = (*FOUNDED, *(asked(f"{n}") for n in range(700)))
    store, kept = register.store.append_together, []

    def gives_up(items: Any) -> Any:
        kept.append(items)
        if len(kept) == 3:
            raise ConnectionError("cut")
        return store(items)

    register.store.append_together = gives_up  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        register.takes(*whole)
    with opened(database_urls.api) as again:
        totals = again.takes(*whole)
        assert (totals.recorded + totals.repeated_lines, totals.repeated_histories) == (703, 2)
        assert max(request.reference for request in requests(again)) == "lowland-2017-0700"


def test_a_refused_line_has_no_effect(register: Importer) -> None:
    totals = register.takes(
        *FOUNDED,
        line("a", "submitDeploymentRequest", "2017-03-01", REVIEWS, {"force": "none"}),
        line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
        asked("b"),
        line("b", "denyDeploymentRequest", "2017-03-02", APPROVES, WHY),
        line("b", "beginReview", "2017-03-02", REVIEWS, WHY),
        line("b", "denyDeploymentRequest", "2017-03-03", APPROVES, WHY),
    )
    assert [(number, kind) for number, kind, _ in register.refused] == [
        (4, "InvalidInput"),
        (5, "NotFound"),
        (7, "TransitionRefused"),
    ]
    assert totals.lines == totals.recorded + totals.refused == 9
    assert [request.status for request in requests(register)] == [RequestStatus.DENIED]


def test_an_incident_is_known_as_far_as_it_had_happened(register: Importer) -> None:
    report = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-03-01T00:00:00Z"}
    found = {"responsibleParty": "EXERCISE", "likelihood": "LIKELY", "confidence": "HIGH", "basis": "EXERCISE"}
    investigates = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}

    def held(history: str, at: str) -> tuple[dict[str, Any], ...]:
        return (
            asked(history, at=at, incidents=["flood"]),
            line(history, "beginReview", at, REVIEWS, WHY),
            line(history, "withholdDeploymentRequest", at, REVIEWS, {**WHY, "awaiting": ["flood"]}),
        )

    totals = register.takes(
        *held("before it happened", "2017-03-02"),
        *held("before it was found", "2017-03-08"),
        *held("after it was found", "2017-03-12"),
        line("flood", "reportIncident", "2017-03-05", ASKS, report),
        line("flood", "attributeIncident", "2017-03-10", investigates, found),
        *FOUNDED,
    )
    assert [(number, fields) for number, _, fields in register.refused] == [
        (1, ["incidents"]), (2, []), (3, []), (9, ["awaiting"]),
    ]  # fmt: skip
    statuses = [request.status for request in requests(register)]
    assert statuses == [RequestStatus.WITHHELD_PENDING_ATTRIBUTION, RequestStatus.UNDER_REVIEW]
    assert totals.recorded == 10


def test_a_referral_before_attribution_is_refused(register: Importer) -> None:
    """No hold can await an incident before its history is imported."""
    report = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-03-01T00:00:00Z"}
    investigates = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}
    to = {"authority": "lowland", **WHY}
    register.takes(
        *FOUNDED,
        line("flood", "reportIncident", "2017-03-02", ASKS, report),
        line("flood", "referIncident", "2017-03-03", investigates, to),
        line("flood", "referIncident", "2017-03-03", investigates, {**to, "deploymentRequest": "a"}),
        asked("a", at="2017-03-04", incidents=["flood"]),
    )
    assert [(kind, fields) for _, kind, fields in register.refused] == [
        ("TransitionRefused", []),
        ("InvalidInput", ["deploymentRequest"]),
    ]
    assert "no request 'a' whose hold awaits" in register.reasons[1], register.reasons


def test_numbers_are_of_the_year_in_which_it_happened(register: Importer) -> None:
    register.takes(
        *FOUNDED, asked("a", "2017-12-31"), asked("b", "2018-01-01T00:30:00+01:00"), asked("c", "2018-01-01")
    )
    references = [request.reference for request in requests(register)]
    assert references == ["lowland-2017-0001", "lowland-2017-0002", "lowland-2018-0001"]


def test_a_mandate_decides_within_its_validity(register: Importer) -> None:
    ended = {"authority": "upland", "region": "valley", **WHY}
    clerk = FOUNDED[0]["actor"]
    register.takes(
        *FOUNDED,
        line("upland", "endMandate", "2017-06-01", clerk, ended),
        asked("a", "2017-05-31"),
        asked("b", "2017-06-02"),
    )
    assert register.refused == [(6, "InvalidInput", ["region"])]


def test_a_region_is_unknown_after_others_were_registered(register: Importer) -> None:
    register.takes(*FOUNDED)
    names = [{"language": "en", "name": "The River"}]
    region = line("river", "registerRegion", "2017-02-01", CLERK, {"path": "river", "names": names})
    assert register.takes(region, asked("early", "2017-01-31"), asked("late", "2017-02-02")).recorded == 2
    assert register.refused == [(3, "InvalidInput", ["region"])]
    assert "The closest is 'river' (The River)." in register.reasons[0]


def test_a_name_means_the_same_history_in_each_file_of_a_source(register: Importer) -> None:
    register.takes(*FOUNDED, asked("a"), source="ministry")
    totals = register.takes(*FOUNDED, asked("a", strength=41), asked("b"), source="ministry")
    assert register.refused == [(4, "IdempotencyConflict", [])]
    assert (totals.recorded, totals.repeated_histories) == (1, 2)
    register.takes(asked("a"), source="another ministry")
    assert len(requests(register)) == 3


def test_a_name_that_comes_again_in_a_file_is_not_a_second_history(register: Importer) -> None:
    remark = line("a", "remarkOnDeploymentRequest", "2017-03-05", ASKS, WHY)
    register.takes(*FOUNDED, asked("a"), asked("b"), remark)
    assert register.refused == [(6, "IdempotencyConflict", [])]


def test_a_fully_refused_history_is_decided_on_the_newest_states(
    register: Importer, database_urls: DatabaseUrls
) -> None:
    register.takes(asked("a"))
    assert [kind for _, kind, _ in register.refused] == ["NotPermitted"]
    with opened(database_urls.api) as other:
        other.takes(*FOUNDED)
    assert register.takes(asked("a")).recorded == 1


def test_another_process_that_was_faster_costs_no_number(register: Importer, database_urls: DatabaseUrls) -> None:
    with opened(database_urls.api) as other:
        register.takes(*FOUNDED, asked("a"))
        other.takes(asked("b"), asked("c"))
        register.takes(asked("d"), asked("e"))
        other.takes(asked("f"))
    assert [request.reference for request in requests(register)] == [f"lowland-2017-000{n}" for n in range(1, 7)]


def test_a_deputy_acts_at_the_time_of_the_line(register: Importer) -> None:
    """The appointment is imported first, and is valid in May alone."""
    ben = {**ASKS, "subject": "ben"}
    appoints = {
        "deputy": "ana", "authority": "lowland", "roles": ["REQUESTER"],
        "from": "2017-05-01T00:00:00Z", "until": "2017-06-01T00:00:00Z", **WHY,
    }  # fmt: skip
    founded = (FOUNDED[0], line("lowland", "appointDeputy", "2017-01-02", ben, appoints), *FOUNDED[1:])
    deputy = {**ASKS, "onBehalfOf": "ben"}
    asks = [{**asked(day, day), "actor": deputy} for day in ("2017-04-30", "2017-05-15", "2017-06-01")]
    totals = register.takes(*asks, *founded)
    assert (totals.recorded, totals.refused) == (len(founded) + 1, 2)
    assert [(kind, fields) for _, kind, fields in register.refused] == [("InvalidInput", ["onBehalfOf"])] * 2
    [request] = requests(register)
    assert request.submitted_at == datetime(2017, 5, 15, 12, tzinfo=UTC)
    assert request.submitted_by.on_behalf_of == ("mandate", "ben")
    assert [part.person[1] for part in request.authors] == ["ana", "ben"]
