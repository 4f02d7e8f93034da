"""Which evidence was regraded or withdrawn, what an assessment without a party says, and what waits for a decision."""

from collections.abc import Iterator
from typing import Any

import pytest

from service.exchange.dossier.builder import document
from service.settings import DatabaseUrls
from tests.service.exchange.dossier.pages import lines
from tests.service.exchange.dossier.registers import gathered
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    FOUNDED,
    REVIEWS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)

FINDS = {"subject": "ina", "authority": "upland", "roles": ["INVESTIGATOR"]}
DISSENTS = {"subject": "ivo", "authority": "upland", "roles": ["INVESTIGATOR"]}
UNKNOWN = {"likelihood": "UNLIKELY", "confidence": "LOW", "basis": "EXERCISE: nobody saw it"}
PLACE = {"latitude": -42.9, "longitude": -20.8, "description": "the lock"}


def step(command: str, at: str, actor: Any, **said: Any) -> dict[str, Any]:
    return line("dam", command, at, actor, said)


def evidence(name: str, at: str) -> dict[str, Any]:
    said = {"summary": name, "sourceReliability": "B", "informationCredibility": "TWO"}
    return line("dam", "recordEvidence", at, FINDS, said, name=name)


INCIDENT = (
    step("reportIncident", "2017-02-01", ASKS, kind="blast", description="EXERCISE", region="valley",
         occurredAt="2017-01-31T00:00:00Z"),
    evidence("lock", "2017-02-02"),
    evidence("saw", "2017-02-03"),
    step("regradeEvidence", "2017-02-04", FINDS, **WHY, evidence="saw", sourceReliability="A",
         informationCredibility="TWO"),
    step("attributeIncident", "2017-02-05", FINDS, **UNKNOWN, responsibleParty="Blue", alternatives=[UNKNOWN]),
    step("dissentFromFinding", "2017-02-06", DISSENTS, **WHY, finding=UNKNOWN),
    step("withdrawEvidence", "2017-02-07", FINDS, **WHY, evidence="lock"),
    step("correctIncident", "2017-02-08", ASKS, **WHY, location=PLACE),
)  # fmt: skip


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


def printed(register: Importer, *histories: dict[str, Any]) -> list[str]:
    register.takes(*FOUNDED, *histories)
    assert register.reasons == []
    return list(lines(document(gathered(register, "lowland-2017-0001"))))


def test_an_event_on_evidence_names_the_piece_and_both_gradings(register: Importer) -> None:
    text = printed(register, *INCIDENT, asked("a", incidents=["dam"]))
    assert "Evidence E2 on lowland-i-2017-0001, graded B2" in text
    assert text[text.index("Evidence E2 on lowland-i-2017-0001 is graded again") + 1] == "B2 → A2"
    assert "Evidence E1 on lowland-i-2017-0001 is withdrawn" in text


def test_an_assessment_without_a_party_is_not_erased(register: Importer) -> None:
    text = printed(register, *INCIDENT, asked("a", incidents=["dam"]))
    assert text[text.index("Alternative that was weighed") + 1] == "It cannot be determined who is responsible"
    assert text[text.index("Dissent from the finding on lowland-i-2017-0001") + 1] == (
        "It cannot be determined who is responsible"
    )
    assert "(erased)" not in text


def test_a_place_in_the_south_west_is_called_so(register: Importer) -> None:
    text = printed(register, *INCIDENT, asked("a", incidents=["dam"]))
    assert "location: none → the lock (42.90000° S, 20.80000° W)" in text
    assert "42.90000° S, 20.80000° W (WGS 84)" in text


def test_what_changed_in_a_finding_is_labelled(register: Importer) -> None:
    again = step("attributeIncident", "2017-02-09", FINDS, **UNKNOWN, changedBecause="a confession")
    text = printed(register, *INCIDENT, again, asked("a", incidents=["dam"]))
    assert text[text.index("a confession") - 1] == "What changed:"


def test_what_is_asked_for_and_until_when_is_on_the_first_page(register: Importer) -> None:
    days = (*FOUNDED[:2], {**FOUNDED[2], "input": {**FOUNDED[2]["input"], "answerWithinDays": 20, "hearing": True}})
    register.takes(
        *days,
        asked("a"),
        line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
        line("a", "endorseDeploymentRequest", "2017-03-03", REVIEWS, {**WHY, "recommendation": "APPROVE"}),
        line("a", "approveDeploymentRequest", "2017-03-04", APPROVES, WHY),
        line("a", "askExtension", "2017-03-05", ASKS, {**WHY, "until": "2018-06-01T00:00:00Z"}),
        line("a", "giveNotice", "2017-03-06", APPROVES, {"grounds": "EXERCISE", "until": "2017-04-01T00:00:00Z"}),
    )
    assert register.reasons == []
    text = list(lines(document(gathered(register, "lowland-2017-0001"))))
    assert text[3] == (
        "Approved on 4 March 2017, 12:00 UTC. An extension until 1 June 2018, 00:00 UTC is asked for. "
        "Notice of a revocation was given on 6 March 2017, 12:00 UTC. "
        "A statement is awaited until 1 April 2017, 00:00 UTC."
    )
    assert text[text.index("Decision due") + 1] == "21 March 2017, 12:00 UTC"


def test_a_referral_is_shown_with_its_answer(register: Importer) -> None:
    referred = step("referIncident", "2017-02-09", FINDS, **WHY, authority="lowland")
    answered = step("answerReferral", "2017-02-10", ASKS, answer="EXERCISE: the lock is replaced")
    text = printed(register, *INCIDENT, referred, answered, asked("a", incidents=["dam"]))
    place = text.index("Referred to")
    of_referral = text[place : place + 5]
    assert any(each.startswith("answered 10 February 2017") for each in of_referral), of_referral
    [told] = [each for each in text if each.endswith(" answers the referral of lowland-i-2017-0001")]
    assert "EXERCISE: the lock is replaced" in of_referral
    assert "EXERCISE: the lock is replaced" in text[text.index(told) : text.index(told) + 5]
    assert text.count("EXERCISE: the lock is replaced") == 2
