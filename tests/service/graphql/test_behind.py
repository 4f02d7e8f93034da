"""Where the views do not follow, or the database is away: what is answered then."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from time import monotonic

import psycopg
import pytest

from domain.vocabulary import Role
from projections.catalogue import VIEW_OF
from projections.following.follower import follow, view_consumer
from service.event_store.store import EventStore
from service.graphql.execution.graphql_errors import NOTHING
from service.settings import DatabaseUrls
from tests.databases import Databases
from tests.service.graphql.api_client import served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario
from tests.waiting import until


@pytest.fixture(scope="module")
def with_authorities(databases: Databases) -> Iterator[DatabaseUrls]:
    """A database whose views know the authorities."""
    with databases.fresh() as urls:
        with served(urls) as register:
            made = Scenario(register, "v")
            for code in (ADMINISTRATOR.authority, "v-asker", "v-decider", "v-other"):
                values = {"code": code, "name": code}
                register.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", values)
            mandate = {"authority": "v-decider", "region": "v", "legalBasis": "l"}
            register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate, "mandates { region }")
            made.ask(ADMINISTRATOR, "query ($at: Position) { authorities(atLeast: $at) { code } }")
        yield urls


@pytest.fixture
def behind(databases: Databases, with_authorities: DatabaseUrls) -> Iterator[Scenario]:
    """A register whose views know the authorities, and nothing of what came after."""
    with databases.copy(with_authorities) as urls, served(urls, follow=False) as register:
        yield Scenario(register, "v")


def test_a_mutation_answers_its_subject_whether_or_not_the_views_follow(behind: Scenario) -> None:
    incident = behind.incident(fields="reference attributionStatus evidence { id }")
    recorded = behind.on_incident(behind.reviewer, "recordEvidence", incident["id"], "version evidence { summary }")
    assert recorded["evidence"] == [{"summary": "EXERCISE: a photograph."}]
    found = behind.on_incident(behind.reviewer, "attributeIncident", incident["id"], "attribution { responsibleParty }")
    assert found["attribution"] == {"responsibleParty": "EXERCISE party"}
    fields = """reference status version requestingAuthority { id code } availableActions
        endorsements { counts } hold { reason }"""
    request = behind.request(fields=fields)
    assert request["requestingAuthority"]["code"] == "v-asker"
    assert behind.on_request(behind.reviewer, "beginReview", request["id"])["status"] == "UNDER_REVIEW"


def test_its_events_are_reported_too(behind: Scenario) -> None:
    document = """mutation ($input: RegisterAuthorityInput!) { registerAuthority(input: $input) {
        ... on AuthorityRecorded { events { type version payload changes { path after } subject { id } } } } }"""
    answer = behind.register.ask(ADMINISTRATOR, document, input={"code": "late", "name": "Late"})
    [event] = answer["registerAuthority"]["events"]
    assert (event["type"], event["payload"]) == ("AuthorityRegistered", {"code": "late", "name": "Late"})


def test_what_is_reached_from_it_says_that_its_view_is_behind(behind: Scenario) -> None:
    incident = behind.incident()["id"]
    document = """mutation ($input: SubmitDeploymentRequestInput!) { submitDeploymentRequest(input: $input) {
        ... on DeploymentRequestRecorded { position deploymentRequest { reference incidents { reference } } } } }"""
    values = {
        "force": "f", "strength": 1, "region": "v", "purpose": "p", "incidents": [incident], "idempotencyKey": "k",
        "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
    }  # fmt: skip
    [error] = behind.register.errors(behind.requester, document, input=values)
    assert error["extensions"]["code"] == "VIEW_BEHIND"
    assert "Do not send it again" in error["message"]
    shorter = document.replace("incidents { reference }", "")
    recorded = behind.register.ask(behind.requester, shorter, input=values)["submitDeploymentRequest"]
    assert error["extensions"]["position"] == recorded["position"]
    assert error["path"] == ["submitDeploymentRequest", "deploymentRequest", "incidents"]
    again = behind.register.ask(behind.requester, document.replace("incidents { reference }", ""), input=values)
    assert again["submitDeploymentRequest"]["deploymentRequest"]["reference"].endswith("-0001")


@contextmanager
def followed(behind: Scenario, name: str) -> Iterator[None]:
    """One view is followed, and the others are not."""
    stop, urls = threading.Event(), behind.register.urls
    with closing(EventStore(urls.worker)) as store:
        arguments = (view_consumer(VIEW_OF[name]), urls.worker, store.feed, stop)
        follower = threading.Thread(target=follow, args=arguments)
        follower.start()
        try:
            yield
        finally:
            stop.set()
            follower.join()


def test_an_event_is_not_shown_without_what_it_happened_to(behind: Scenario) -> None:
    request = behind.request()["id"]
    document = """query ($id: ID!, $at: Position) { auditTrail(filter: { subject: $id }, atLeast: $at) { edges { node {
        type subject { id } } } } }"""
    plain = document.replace("subject { id }", "")
    with followed(behind, "audit_trail"):
        until(lambda: behind.register.ask(behind.requester, plain, id=request)["auditTrail"]["edges"])
        [error] = behind.register.errors(behind.requester, document, id=request)
    assert error["extensions"]["code"] == "VIEW_BEHIND"
    assert error["path"] == ["auditTrail", "edges", 0, "node", "subject"]


LIST = "{ deploymentRequests { edges { node { id } } } }"
ONE = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { id } }"
TRAIL = "query ($id: ID!) { auditTrail(filter: { subject: $id }) { edges { node { type } } } }"


def test_nobody_reads_by_the_marking_of_before(databases: Databases, with_authorities: DatabaseUrls) -> None:
    """No worker runs: what was raised to RED must not be read by those who could see it before."""
    with databases.copy(with_authorities) as urls:
        with served(urls) as register:
            here = Scenario(register, "v")
            request = here.request()["id"]
            other = here.of("asker", "ruth", Role.REQUESTER)
            here.ask(other, "query ($at: Position) { auditTrail(atLeast: $at) { edges { cursor } } }")
            assert here.ask(other, ONE, id=request) == {"deploymentRequest": {"id": request}}
        with served(urls, follow=False) as register:
            behind = Scenario(register, "v")
            behind.mark(behind.reviewer, request, "RED", behind.of("decider", "dora", Role.APPROVER).subject)
            for document in (ONE, TRAIL, LIST):
                [error] = register.errors(other, document, id=request)
                assert error["extensions"]["code"] == "VIEW_BEHIND"
            assert register.ask(other, "{ authorities { code } }")["authorities"], "no marking hides them"
            with followed(behind, "deployment_requests"):
                until(
                    lambda: register.post(other, ONE, {"id": request}).json() == {"data": {"deploymentRequest": None}}
                )
                [error] = register.errors(other, TRAIL, id=request)
                assert error["extensions"]["code"] == "VIEW_BEHIND"


def test_a_query_at_least_at_a_position_that_is_not_reached_says_so(behind: Scenario) -> None:
    behind.incident()
    document = "query ($at: Position) { incidents(atLeast: $at) { totalCount } }"
    response = behind.register.post(behind.requester, document, {"at": behind.register.position})
    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"]["code"] == "VIEW_BEHIND"
    assert behind.register.ask(behind.requester, "{ incidents { totalCount } }") == {"incidents": {"totalCount": 0}}


def test_views_without_followers_are_reported(behind: Scenario) -> None:
    behind.incident()
    statuses = behind.register.ask(behind.requester, "{ projections { name state lag lagSeconds } }")["projections"]
    assert {status["state"] for status in statuses} == {"STOPPED"}
    assert all(status["lag"] > 0 and status["lagSeconds"] > 0 for status in statuses)


def test_a_fault_of_ours_is_logged_and_masked(behind: Scenario, caplog: pytest.LogCaptureFixture) -> None:
    assert behind.register.urls.superuser
    with psycopg.connect(behind.register.urls.superuser, autocommit=True) as connection:
        connection.execute("UPDATE projections.authorities SET document = '{\"secret\": true}'")
    response = behind.register.post(behind.requester, "{ authorities { code } }")
    [error] = response.json()["errors"]
    assert response.status_code == 200
    assert error["extensions"]["code"] == "INTERNAL"
    correlation = error["extensions"]["correlationId"]
    assert correlation in error["message"]
    assert "secret" not in response.text
    assert "msgspec" not in response.text
    [logged] = [record for record in caplog.records if correlation in record.getMessage()]
    assert logged.exc_info is not None


def test_without_the_database_it_is_503_and_says_when_to_try_again(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    with databases.fresh() as urls, served(urls, follow=False) as register:
        here = Scenario(register, "gone")
        register.ask(here.requester, "{ authorities { code } }")
        assert urls.superuser
        with psycopg.connect(databases.server.superuser or "", autocommit=True) as connection:
            name = urls.owner.rsplit("/", 1)[1].split("?")[0]
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            read = register.post(here.requester, "{ authorities { code } }")
            write = register.post(
                here.requester, 'mutation { registerAuthority(input: {code: "aa", name: "a"}) { __typename } }'
            )
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        for response in (read, write):
            assert response.status_code == 503, response.text
            assert int(response.headers["retry-after"]) >= 1
            assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        is_certain = [response.json()["errors"][0]["message"].endswith(NOTHING) for response in (read, write)]
        assert is_certain == [False, True], "of a command it is certain that nothing was recorded"
        assert register.ask(here.requester, "{ authorities { code } }") == {"authorities": []}


def test_commands_are_answered_503_in_time_while_writing_hangs(database_urls: DatabaseUrls) -> None:
    mutation = 'mutation { registerAuthority(input: {code: "hq", name: "a"}) { __typename } }'
    with served(database_urls, follow=False) as register, psycopg.connect(database_urls.owner) as holder:
        holder.execute("LOCK TABLE event_store.events IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(40) as clients:
            began = monotonic()
            answers = list(clients.map(lambda _: register.post(ADMINISTRATOR, mutation), range(40)))
            took = monotonic() - began
        holder.rollback()
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        assert took < 30
        assert register.ask(ADMINISTRATOR, mutation) == {"registerAuthority": {"__typename": "AuthorityRecorded"}}
