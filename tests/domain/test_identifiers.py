"""Ids derived from natural keys: they are stored, and so never change."""

from uuid import UUID

import pytest

from domain import authority, idempotency_key, jurisdiction, number_series
from domain.deployment_request.commands import ApproveRequest, NewCondition
from domain.incident.commands import RecordEvidence
from domain.number_series import place_of
from domain.vocabulary import InformationCredibility, Region, SourceReliability, camel, derived_id
from tests.domain.case import CANAL, ENDORSED, KFOR, PRISTINA, REPORTED, REQUEST, WHY, approver, reviewer
from tests.specification import given


def test_a_stream_has_the_same_id_in_every_version_of_the_register() -> None:
    assert authority.stream_of(KFOR) == UUID("3d751f20-e291-53e2-907d-7e92b37811ad")
    assert idempotency_key.stream_of(KFOR, "once") == UUID("901d79e2-0791-5e35-bbff-5f01c8babb73")
    assert jurisdiction.stream_of(Region("xk/north")) == UUID("5c2837d2-e12d-5f03-ba84-dd3f69720a34")
    assert number_series.stream_of("pristina-2024") == UUID("c3e89349-7d0a-5220-b208-1fdc1c5442c6")


def test_evidence_and_conditions_are_named_after_the_event_that_makes_them() -> None:
    record = RecordEvidence(
        summary=WHY, source_reliability=SourceReliability.A, information_credibility=InformationCredibility.ONE
    )
    incident = given(*REPORTED).when(record, by=reviewer).register.states[CANAL]
    assert incident.evidence[0].id == derived_id("evidence", str(CANAL), "2")
    approve = ApproveRequest(reason=WHY, conditions=(NewCondition(text=WHY), NewCondition(text=WHY)))
    request = given(*ENDORSED).when(approve, by=approver).register.states[REQUEST]
    assert [each.id for each in request.decision.conditions] == [
        derived_id("condition", str(REQUEST), "4", index) for index in ("0", "1")
    ]


@pytest.mark.parametrize(
    ("reference", "series", "number"),
    [
        ("pristina-2024-0001", "pristina-2024", 1),
        ("pristina-i-2024-0017", "pristina-i-2024", 17),
        ("kfor-2024-12345", "kfor-2024", 12345),
    ],
)
def test_a_reference_shows_its_series_and_its_number(reference: str, series: str, number: int) -> None:
    assert place_of(reference) == (number_series.stream_of(series), number)


@pytest.mark.parametrize(
    "reference",
    ["", "pristina", "pristina-2024-001", "pristina-2024-0000", "pristina-2024-00001", "Pristina-2024-0001"],
)
def test_what_is_no_reference_shows_nothing(reference: str) -> None:
    assert place_of(reference) is None


def test_series_are_distinguished_by_kind_and_year() -> None:
    assert number_series.series(PRISTINA, 2024) == "pristina-2024"
    assert number_series.series(PRISTINA, 2024, kind="i") == "pristina-i-2024"
    register = given(*REPORTED).register
    series = number_series.series(PRISTINA, 2030)
    assert register.ask(lambda context: number_series.next_reference(context, series), reviewer, REQUEST) == (
        "pristina-2030-0001"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("id", "id"), ("review_by", "reviewBy"), ("minimum_likelihood_of_it", "minimumLikelihoodOfIt")],
)
def test_a_field_is_spelled_as_in_the_api(name: str, expected: str) -> None:
    assert camel(name) == expected
