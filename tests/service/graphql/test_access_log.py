"""Whoever is shown something RED or AMBER_STRICT is on record before they have the answer."""

from typing import Any

import pytest

from domain.vocabulary import Role
from tests.service.graphql.access_entries import CHANGED, REQUEST, digest, entries, found, number, red
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.subscriptions.client import socket

LOG = """query ($filter: AccessLogFilter, $first: Int, $after: String) {
    accessLog(filter: $filter, first: $first, after: $after) {
        edges { cursor node { id at what document marking subjects person { subject authority } } }
        pageInfo { hasNextPage endCursor } } }"""
TRAIL = """query ($id: ID!, $at: Position) { auditTrail(filter: {subject: $id}, atLeast: $at) {
    edges { node { type } } } }"""
EVENTS = 'subscription ($after: Position) { eventsRecorded(after: $after, types: ["RequestSubmitted"]) { type } }'


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def listed(here: Scenario, who: Person, **filter: Any) -> list[Any]:
    answer = here.ask(who, LOG, filter=filter)["accessLog"]
    return [edge["node"] for edge in answer["edges"]]


@pytest.mark.parametrize("marking", ["RED", "AMBER_STRICT"])
def test_a_read_of_a_request_is_recorded(here: Scenario, marking: str) -> None:
    recipients = [here.reviewer.subject] if marking == "RED" else []
    request = here.request(None, "id", marking=marking, recipients=recipients)["id"]
    here.ask(here.reviewer, REQUEST, id=request)
    (entry,) = found(here, request, here.reviewer)
    assert entry[:6] == (here.reviewer.subject, here.reviewer.authority, "query", (request,), digest(REQUEST), marking)
    (of_author,) = found(here, request, here.requester)
    assert of_author.what == "mutation", "the answer to the author's command shows it"


@pytest.mark.parametrize("marking", ["CLEAR", "GREEN", "AMBER"])
def test_other_markings_are_not_recorded(here: Scenario, marking: str) -> None:
    request = here.request(None, "id", marking=marking)["id"]
    before = number(here.register.urls)
    here.ask(here.reviewer, REQUEST, id=request)
    here.ask(here.reviewer, TRAIL, id=request)
    assert (number(here.register.urls), entries(here.register.urls, request)) == (before, [])


def test_what_may_not_be_seen_is_not_recorded(here: Scenario) -> None:
    request = red(here)
    assert here.ask(here.outsider, REQUEST, id=request) == {"deploymentRequest": None}
    assert found(here, request, here.outsider) == []


def test_every_way_to_a_subject_is_recorded(here: Scenario) -> None:
    incident = here.incident(marking="RED", recipients=[here.reviewer.subject])["id"]
    request = here.request(marking="GREEN", incidents=[incident])["id"]
    ways = (
        "query ($id: ID!, $at: Position) { incident(id: $id, atLeast: $at) { reference } }",
        "query ($id: ID!) { node(id: $id) { __typename } }",
        "query ($id: ID!) { node(id: $id) { id } __schema { queryType { name } } }",
        TRAIL,
        """query ($id: ID!, $at: Position) { auditTrail(filter: {subject: $id}, atLeast: $at) {
            edges { node { subject { id } } } } }""",
        """query ($at: Position) { incidents(first: 100, atLeast: $at) { edges { node { id } } } }""",
    )
    for times, way in enumerate(ways, start=1):
        here.ask(here.reviewer, way, id=incident)
        assert len(found(here, incident, here.reviewer)) == times, way
    nested = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { incidents { kind } } }"
    here.ask(here.reviewer, nested, id=request)
    assert found(here, incident, here.reviewer)[-1].document == digest(nested)
    assert entries(here.register.urls, request) == []


PAST = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, version: %d, atLeast: $at) { version } }"


def test_the_marking_in_force_decides_also_for_the_past(here: Scenario) -> None:
    request = here.request(marking="AMBER")["id"]
    here.mark(here.reviewer, request, "AMBER_STRICT")
    submitted = TRAIL.replace("$id}", '$id, type: ["RequestSubmitted"]}')
    as_of = "query ($id: ID!, $time: DateTime!) { deploymentRequest(id: $id, asOf: $time) { version } }"
    instant = here.ask(
        here.reviewer,
        "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { submittedAt } }",
        id=request,
    )["deploymentRequest"]["submittedAt"]
    for times, (document, values) in enumerate([(PAST % 1, {}), (submitted, {}), (as_of, {"time": instant})], start=2):
        here.register.ask(
            here.reviewer, document, id=request, **({} if values else {"at": here.register.position}), **values
        )
        entry = found(here, request, here.reviewer, "query")[times - 1]
        assert (entry.document, entry.marking) == (digest(document), "AMBER_STRICT")
    here.mark(here.requester, request, "GREEN")
    here.mark(here.approver, request, "GREEN")
    before = number(here.register.urls)
    for document in (PAST % 1, PAST % 2, PAST % 4, submitted):
        here.ask(here.reviewer, document, id=request)
    assert number(here.register.urls) == before


def test_evidence_is_recorded_by_the_marking_of_its_incident_too(here: Scenario) -> None:
    incident = here.incident(marking="GREEN")["id"]
    recorded = here.on_incident(here.reviewer, "recordEvidence", incident, "evidence { id }", marking="GREEN")
    piece = recorded["evidence"][0]["id"]
    here.mark(here.reviewer, incident, "AMBER_STRICT", of="Incident")
    for document in ("query ($id: ID!, $at: Position) { incident(id: $id, atLeast: $at) { evidence { id } } }", TRAIL):
        here.ask(here.reviewer, document, id=incident)
        assert found(here, piece, here.reviewer)[-1][4:6] == (digest(document), "AMBER_STRICT")


def test_evidence_is_recorded_for_itself(here: Scenario) -> None:
    incident = here.incident(marking="GREEN")["id"]
    recorded = here.on_incident(here.reviewer, "recordEvidence", incident, "evidence { id }", marking="RED")
    piece = recorded["evidence"][0]["id"]
    for document in ("query ($id: ID!, $at: Position) { incident(id: $id, atLeast: $at) { evidence { id } } }", TRAIL):
        here.ask(here.reviewer, document, id=incident)
        entry = found(here, piece, here.reviewer)[-1]
        assert entry[2:6] == ("query", (piece,), digest(document), "RED")
        assert f"person:mandate|{here.reviewer.subject}" in entry.audience
        here.ask(here.requester, document, id=incident)
    assert found(here, piece, here.requester) == [], "they do not see it"


def test_an_answer_with_events_alone_names_the_author(here: Scenario) -> None:
    request = red(here)
    here.on_request(here.reviewer, "beginReview", request)
    document = """query ($id: ID!, $at: Position) { auditTrail(
        filter: {subject: $id, type: ["ReviewBegun"]}, atLeast: $at) { edges { node { type } } } }"""
    assert here.ask(here.reviewer, document, id=request)["auditTrail"]["edges"] != []
    assert f"person:mandate|{here.requester.subject}" in found(here, request, here.reviewer)[-1].audience


def test_who_is_listed_what(here: Scenario) -> None:
    other = here.of("other", "other-author", Role.REQUESTER)
    own, foreign = red(here), red(here, other)
    both = "query ($a: ID, $b: ID) { a: deploymentRequest(id: $a) { id } b: deploymentRequest(id: $b) { id } }"
    here.ask(here.reviewer, REQUEST, id=foreign)
    here.ask(here.reviewer, both, a=own, b=foreign)
    document = digest(both)

    def subjects(who: Person) -> list[list[str]]:
        return sorted(each["subjects"] for each in listed(here, who) if each["document"] == document)

    assert subjects(here.requester) == [[own]]
    assert subjects(other) == [[foreign]]
    everything = sorted([[own], [foreign]])
    assert subjects(here.auditor) == everything
    assert subjects(here.of("decider", "auditing", Role.AUDITOR)) == everything, "the reader acted for them"
    assert subjects(here.of("asker", "auditing", Role.AUDITOR)) == [[own]], "the author acted for them"
    assert subjects(here.of("other", "auditing", Role.AUDITOR)) == [[foreign]]
    assert subjects(Person("auditing", ADMINISTRATOR.authority, (Role.AUDITOR,))) == []
    assert subjects(here.outsider) == subjects(here.reviewer) == []


def test_the_list_is_filtered_and_paged(here: Scenario) -> None:
    request = red(here)
    for _ in range(3):
        here.ask(here.reviewer, REQUEST, id=request)
    every = listed(here, here.requester, subject=request)
    assert [each["what"] for each in every] == ["query"] * 3 + ["mutation"], "newest first"
    assert every[0]["person"] == {"subject": here.reviewer.subject, "authority": here.reviewer.authority}
    assert every == sorted(every, key=lambda each: (each["at"], each["id"]), reverse=True)
    assert listed(here, here.requester, subject=request, what=["mutation"]) == every[3:]
    assert listed(here, here.requester, subject=request, person=here.reviewer.subject) == every[:3]
    assert listed(here, here.requester, subject=request, authority=here.requester.authority) == every[3:]
    assert listed(here, here.requester, subject=request, **{"from": every[1]["at"]}) == every[:2]
    assert listed(here, here.requester, subject=request, until=every[1]["at"]) == every[2:]
    pages, after = [], None
    while True:
        page = here.ask(here.requester, LOG, filter={"subject": request}, first=1, after=after)["accessLog"]
        pages += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == every


def test_subscribers_are_recorded_event_by_event(here: Scenario) -> None:
    after, request = here.register.position, red(here)
    second = here.of("decider", "rob", Role.REVIEWER)
    with socket(here.register, greeted=here.reviewer) as one, socket(here.register, greeted=second) as two:
        for each in (one, two):
            each.subscribe("1", EVENTS, after=after)
            assert each.data("1") == {"eventsRecorded": {"type": "RequestSubmitted"}}
        assert len(found(here, request, here.reviewer, "subscription")) == 2, (
            "one for each, although they share the read"
        )
        one.subscribe("2", CHANGED, id=request)
        assert one.data("2")["deploymentRequestChanged"]["version"] == 1
        assert len(found(here, request, here.reviewer, "subscription")) == 3
        here.on_request(here.reviewer, "beginReview", request)
        assert one.data("2")["deploymentRequestChanged"]["version"] == 2
        assert len(found(here, request, here.reviewer, "subscription")) == 4
