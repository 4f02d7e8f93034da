"""A command that was recorded never answers as if it were not, wherever the database is lost before the answer."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_object_type, is_required_argument

from projections.tables.metadata import PROJECTIONS
from service.graphql.root import schema
from service.settings import DatabaseUrls
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.waiting import until

HEAD = "SELECT coalesce(max(notification_id), 0) FROM event_store.events"
WAITING = f"""SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'mandate_api'
    HAVING ({HEAD}) > %s AND bool_or(wait_event_type = 'Lock')
    AND bool_and(state <> 'active' OR coalesce(wait_event_type, '') = 'Lock')"""
"""The command is recorded and acknowledged, and a reader waits. Others may wait earlier than that."""
END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = 'mandate_api'"
SUBJECTS = {"DeploymentRequest": "deploymentRequest", "Incident": "incident", "Authority": "authority"}
NEED_A_VIEW = {
    "incidents", "explanation", "history", "changes", "evidence", "deploymentRequests",
    "requestingAuthority", "decidingAuthority",
}  # fmt: skip
"""Lists and names that may not be null, and are in views alone."""  # fmt: skip


@pytest.fixture(scope="module")
def here(databases: Databases) -> Iterator[Scenario]:
    with databases.fresh() as urls, served(urls) as register:
        yield scenario(register)


def selections(kind: str) -> Iterator[str]:
    """Each field of a type, with every leaf of what it leads to."""
    for name, field in _fields(kind).items():
        arguments = "(fromVersion: 1)" if "fromVersion" in field.args else ""
        found = get_named_type(field.type)
        yield f"{name}{arguments}" + ("" if is_leaf_type(found) else f" {{ {_leaves(found)} }}")


def _fields(kind: str) -> Mapping[str, GraphQLField]:
    found = schema._schema.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    fields: Mapping[str, GraphQLField] = found.fields
    return fields


def _leaves(found: Any, depth: int = 1) -> str:
    """The leaves of a type, and of the lists and objects in it."""
    if not is_object_type(found):
        return "__typename"
    names = ["__typename"]
    for name, field in found.fields.items():
        below = get_named_type(field.type)
        if any(is_required_argument(each) for each in field.args.values()):
            continue
        if is_leaf_type(below):
            names.append(name)
        elif depth and below.name in ("Incident", "Attribution", "Condition", "Actor", "Period", "Mandate"):
            names.append(f"{name} {{ {_leaves(below, depth - 1)} }}")
    return " ".join(names)


REQUEST_FIELDS = list(selections("DeploymentRequest"))
INCIDENT_FIELDS = list(selections("Incident"))
AUTHORITY_FIELDS = list(selections("Authority"))
EVENT_FIELDS = list(selections("RecordedEvent"))


def is_locked(holder: psycopg.Connection, tables: str) -> bool:
    """A follower that is at work may stand in the way of some of them."""
    try:
        holder.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE NOWAIT".encode())
    except psycopg.errors.LockNotAvailable:
        holder.rollback()
        return False
    return True


@contextmanager
def lost_before_the_answer(urls: DatabaseUrls) -> Iterator[None]:
    """Commands are recorded, and every read of a view loses the database, which comes back afterwards."""
    assert urls.superuser
    name = urls.owner.rsplit("/", 1)[1].split("?")[0]
    elsewhere = urls.superuser.replace(f"/{name}", "/postgres")
    ended = threading.Event()
    tables = ", ".join(f"projections.{table.name}" for table in PROJECTIONS.sorted_tables)
    with psycopg.connect(urls.superuser) as holder, psycopg.connect(urls.superuser, autocommit=True) as watch:
        until(lambda: is_locked(holder, tables))
        before = watch.execute(HEAD).fetchone()
        with psycopg.connect(elsewhere, autocommit=True) as server, ThreadPoolExecutor(1) as pool:

            def cut() -> None:
                until(lambda: ended.is_set() or watch.execute(WAITING, before).fetchone())
                server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
                server.execute(END, [name])

            cutting: Future[None] = pool.submit(cut)
            try:
                yield
            finally:
                ended.set()
                cutting.result()
                server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        holder.rollback()


def recorded(register: ApiClient, who: Person, document: str, values: dict[str, Any]) -> Any:
    """The answer of a command that is recorded while the views are lost."""
    with lost_before_the_answer(register.urls):
        response = register.post(who, document, {"input": values})
    assert response.status_code == 200, response.text
    assert "retry-after" not in response.headers
    assert "try again" not in response.text.lower()
    answer = response.json()
    [last] = last_event(register)
    positions = [str((answer["data"] or {}).get("it", {}).get("position"))] if answer["data"] else []
    for error in answer.get("errors", ()):
        assert error["extensions"]["recorded"] is True, error
        assert "Do not send it again" in error["message"]
        assert error["extensions"]["code"] == "VIEW_BEHIND"
        positions.append(error["extensions"]["position"])
    assert set(positions) == {str(last)}
    return answer


def last_event(register: ApiClient) -> tuple[int]:
    with psycopg.connect(register.urls.owner) as connection:
        found = connection.execute("SELECT max(notification_id) FROM event_store.events").fetchone()
    assert found
    return found


def mutation(name: str, kind: str, subject: str, selection: str) -> str:
    return f"""mutation ($input: {kind}!) {{ it: {name}(input: $input) {{ __typename
        ... on {subject}Recorded {{ position {selection} }} }} }}"""


def on_request(selection: str) -> str:
    return mutation("remarkOnDeploymentRequest", "RemarkOnDeploymentRequestInput", "DeploymentRequest", selection)


@pytest.fixture(scope="module")
def request_id(here: Scenario) -> str:
    """One that was withheld, released and approved on a finding, and so has a decision, grounds and conditions."""
    return str(here.decided(incidents=[here.attributed()["id"]])["id"])


@pytest.mark.parametrize("field", REQUEST_FIELDS, ids=lambda field: field.split()[0])
def test_a_field_of_the_request(here: Scenario, request_id: str, field: str) -> None:
    document = on_request(f"deploymentRequest {{ {field} }}")
    answer = recorded(here.register, here.requester, document, {"id": request_id, "reason": "r"})
    if field.split()[0].split("(")[0] not in NEED_A_VIEW:
        assert answer["data"] is not None, "the result is made from the states in memory"


def test_a_field_that_cannot_be_read_is_null_with_an_error_of_its_own(here: Scenario, request_id: str) -> None:
    document = on_request("events { type } deploymentRequest { id decision { decidedBy { subject name } } }")
    answer = recorded(here.register, here.requester, document, {"id": request_id, "reason": "r"})
    it = answer["data"]["it"]
    assert it["deploymentRequest"] == {
        "id": request_id,
        "decision": {"decidedBy": {"subject": here.approver.subject, "name": None}},
    }
    assert [event["type"] for event in it["events"]] == ["RequestRemarked"]
    [error] = answer["errors"]
    assert error["path"] == ["it", "deploymentRequest", "decision", "decidedBy", "name"]
    assert error["extensions"]["position"] == it["position"]


@pytest.mark.parametrize("field", EVENT_FIELDS, ids=lambda field: field.split()[0])
def test_a_field_of_its_events(here: Scenario, request_id: str, field: str) -> None:
    document = on_request(f"events {{ {field} }}")
    answer = recorded(here.register, here.requester, document, {"id": request_id, "reason": "r"})
    assert len(answer["data"]["it"]["events"]) == 1, "events are made from the states in memory"


@pytest.mark.parametrize("field", INCIDENT_FIELDS, ids=lambda field: field.split()[0])
def test_a_field_of_an_incident(here: Scenario, field: str) -> None:
    document = mutation("recordEvidence", "RecordEvidenceInput", "Incident", f"incident {{ {field} }}")
    values = {
        "incident": here.attributed()["id"],
        "summary": "s", "sourceReliability": "B", "informationCredibility": "TWO",
    }  # fmt: skip
    answer = recorded(here.register, here.reviewer, document, values)
    if field.split()[0].split("(")[0] not in NEED_A_VIEW:
        assert answer["data"] is not None, "the result is made from the states in memory"


@pytest.mark.parametrize("field", AUTHORITY_FIELDS, ids=lambda field: field.split()[0])
def test_a_field_of_an_authority(here: Scenario, field: str) -> None:
    document = mutation("registerAuthority", "RegisterAuthorityInput", "Authority", f"authority {{ {field} }}")
    code = f"late-{AUTHORITY_FIELDS.index(field)}"
    recorded(here.register, ADMINISTRATOR, document, {"code": code, "name": "Late"})


def test_the_events_of_a_finding_are_reported_with_the_evidence_that_it_names(here: Scenario) -> None:
    incident = here.incident()["id"]
    piece = here.on_incident(here.reviewer, "recordEvidence", incident, "evidence { id }")["evidence"][0]["id"]
    document = mutation("attributeIncident", "AttributeIncidentInput", "Incident", "events { payload redactions }")
    values = {
        "incident": incident, "evidence": [piece], "likelihood": "LIKELY", "confidence": "HIGH", "basis": "b",
    }  # fmt: skip
    answer = recorded(here.register, here.reviewer, document, values)
    [event] = answer["data"]["it"]["events"]
    assert (event["payload"]["evidence"], event["redactions"]) == ([piece], [])


def test_a_mandate_that_is_granted_says_that_it_is_recorded(here: Scenario) -> None:
    document = mutation(
        "grantMandate", "GrantMandateInput", "Authority", "events { type } authority { name mandates { region } }"
    )
    values = {"authority": f"{here.name}-other", "region": f"{here.name}-late", "legalBasis": "l"}
    recorded(here.register, ADMINISTRATOR, document, values)


def test_a_command_that_fails_after_another_was_recorded_says_which(here: Scenario) -> None:
    document = """mutation ($a: RegisterAuthorityInput!, $b: RegisterAuthorityInput!) {
        first: registerAuthority(input: $a) { ... on AuthorityRecorded { position authority { mandates { region } } } }
        second: registerAuthority(input: $b) { __typename } }"""
    variables = {"a": {"code": "one-of-two", "name": "n"}, "b": {"code": "two-of-two", "name": "n"}}
    with lost_before_the_answer(here.register.urls):
        response = here.register.post(ADMINISTRATOR, document, variables)
    assert response.status_code == 200
    assert "try again" not in response.text.lower()
    assert "one-of-two" in str(here.register.ask(ADMINISTRATOR, "query { authorities { code } }"))
    assert all(
        error["extensions"].get("recorded") or "first" in error["extensions"]["othersRecorded"]
        for error in response.json()["errors"]
    )
