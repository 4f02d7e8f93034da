"""Reminders of what is due and escalations of what is overdue, each once."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from service.notifications.reminders import queue_due
from tests.service.notifications.receiver import Receiver, receiving
from tests.service.notifications.register import ADMIN, CLERK, INVESTIGATOR, REQUESTER, REVIEWER, Register
from tests.service.notifications.waiting import until

DUE = ["Reminder", "Escalation"]


def due_in(days: float) -> dict[str, Any]:
    """A period whose begin is when the request is to be decided."""
    start = datetime.now(UTC) + timedelta(days=days)
    return {"period": {"start": start.isoformat(), "end": (start + timedelta(days=30)).isoformat()}}


def begin_review(register: Register, request: str) -> None:
    done = register.api.command(
        REVIEWER, "beginReview", "DeploymentRequestCommandInput", {"id": request, "reason": "EXERCISE"}
    )
    assert done["__typename"] == "DeploymentRequestRecorded", done


def test_a_reminder_is_sent_once_to_the_endpoints_with_a_role_for_it(fresh: Register, receiver: Receiver) -> None:
    with receiving() as other, receiving() as of_the_requester:
        fresh.endpoint(receiver.url, roles=["REVIEWER"], types=DUE, document="deployment-request")
        fresh.endpoint(other.url, roles=["OBSERVER"], types=DUE)
        fresh.endpoint(of_the_requester.url, by=CLERK, roles=["REVIEWER"], types=DUE)
        soon, late, red = (
            fresh.submit(**due_in(0.5)),
            fresh.submit(**due_in(20)),
            fresh.submit(**due_in(0.5), marking="RED", recipients=["reviewer"]),
        )
        with fresh.workers(2):
            [message] = receiver.wait_for(1)
            until(lambda: sorted(fresh.states()) == ["DELIVERED", "WITHHELD"])
            until(lambda: fresh.states(red) == ["WITHHELD"])
        assert (message.type, fresh.states(late)) == ("Reminder", [])
        data = message.content["data"]
        assert (data["id"], data["action"], data["days"]) == (soon, "BEGIN_REVIEW", 1)
        assert data["content"]["deploymentRequest"]["status"] == "SUBMITTED"
        assert (len(receiver.received), other.received, of_the_requester.received) == (1, [], [])


def test_what_is_overdue_is_escalated_to_all_endpoints_of_the_authority(fresh: Register, receiver: Receiver) -> None:
    fresh.endpoint(receiver.url, roles=["OBSERVER"], types=["Escalation"])
    request = fresh.submit(**due_in(0.0))
    with psycopg.connect(fresh.urls.owner) as connection:
        until(lambda: _moved(connection, request, "2 days"))
    with fresh.workers():
        [message] = receiver.wait_for(1)
    assert (message.type, message.content["data"]["days"]) == ("Escalation", -1)
    assert message.content["data"]["id"] == request


def _moved(connection: psycopg.Connection[Any], request: str, by: str) -> bool:
    """Whether the row of the inbox is there; it is then due earlier."""
    moved = connection.execute(
        "UPDATE projections.inbox SET due_at = due_at - %s::interval WHERE id = %s AND valid_until = 'infinity'",
        [by, request],
    )
    connection.commit()
    return moved.rowcount > 0


def test_what_is_done_before_it_is_sent_is_not_sent(fresh: Register, receiver: Receiver) -> None:
    fresh.settings["MANDATE_DELIVER"] = "false"
    fresh.endpoint(receiver.url, roles=["REVIEWER"], types=DUE)
    request = fresh.submit(**due_in(0.5))
    with fresh.workers():
        until(lambda: fresh.states() == ["PENDING"])
    begin_review(fresh, request)
    del fresh.settings["MANDATE_DELIVER"]
    with fresh.workers():
        until(lambda: ("WITHHELD", "no longer due") in fresh.rows("state, outcome"))
        [message] = receiver.wait_for(1)
    assert message.content["data"]["action"] == "ENDORSE"


def test_each_day_is_one_message_however_often_and_by_whom_it_is_queued(fresh: Register) -> None:
    """The due date moves instead of the time."""
    endpoint = fresh.endpoint("https://receiver.example/", roles=["REVIEWER"], types=DUE)
    fresh.settings["MANDATE_DELIVER"] = "false"
    request = fresh.submit(**due_in(6.5))
    with fresh.workers():
        until(lambda: fresh.queued(endpoint["id"]) == 1)
    queued = list[int]()

    def queue() -> None:
        with psycopg.connect(fresh.urls.worker, autocommit=True) as connection:
            queued.append(queue_due(connection, (7, 1, 0), 1))

    with psycopg.connect(fresh.urls.owner) as owner:
        for days, expected in ((0, 0), (6, 1), (0, 0), (1, 1), (0.1, 1), (9, 1), (0, 0)):
            assert _moved(owner, request, f"{days} days")
            together = [threading.Thread(target=queue) for _ in range(5)]
            for each in together:
                each.start()
            for each in together:
                each.join()
            assert sum(queued) == expected, days
            queued.clear()
    types = [type_ for (type_,) in fresh.rows("type")]
    assert types == ["Reminder", "Reminder", "Reminder", "Reminder", "Escalation"]


@pytest.mark.faults
def test_workers_that_are_killed_send_each_reminder_once(fresh: Register, receiver: Receiver) -> None:
    fresh.endpoint(receiver.url, roles=["REVIEWER"], types=DUE)
    requests = {fresh.submit(**due_in(0.5)) for _ in range(12)}
    for _ in range(3):
        with fresh.workers(2) as workers:
            before = len(receiver.received)
            until(lambda before=before: len(receiver.received) > before or len(fresh.rows()) == 12)  # type: ignore[misc]
            workers[0].kill()
        fresh.let_time_pass()
    with fresh.workers():
        until(lambda: fresh.states() == ["DELIVERED"] * 12)
    assert {each.content["data"]["id"] for each in receiver.received} == requests
    assert len({each.id for each in receiver.received}) == 12


def test_another_endpoint_is_reminded_by_itself(fresh: Register, receiver: Receiver) -> None:
    """A due date that was announced to one endpoint is news for the next."""
    fresh.endpoint(receiver.url, roles=["REVIEWER"], types=DUE)
    fresh.submit(**due_in(0.5))
    with fresh.workers():
        receiver.wait_for(1)
    with receiving() as second:
        fresh.endpoint(second.url, by=ADMIN, roles=["REVIEWER"], types=DUE)
        with fresh.workers():
            second.wait_for(1)
    assert len(receiver.received) == 1


def awaited_finding(register: Register, days: float, **values: Any) -> tuple[str, str]:
    """An incident, and a request whose hold awaits a finding on it within these days."""
    reported = {
        "kind": "explosion",
        "description": "EXERCISE: a canal was damaged.",
        "region": "xk/north",
        "occurredAt": "2024-11-29T18:00:00Z",
    }
    incident = register.api.command(REQUESTER, "reportIncident", "ReportIncidentInput", reported)["id"]
    request = register.submit(**due_in(40), incidents=[incident], **values)
    begin_review(register, request)
    hold = {
        "id": request,
        "reason": "EXERCISE",
        "awaiting": [incident],
        "reviewBy": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
    }
    done = register.api.command(
        REVIEWER, "withholdDeploymentRequest", "WithholdDeploymentRequestInput", hold, fields="status"
    )
    assert done["status"] == "WITHHELD_PENDING_ATTRIBUTION", done
    return incident, request


def attribute(register: Register, incident: str) -> None:
    finding = {
        "incident": incident,
        "responsibleParty": "EXERCISE party",
        "likelihood": "VERY_LIKELY",
        "confidence": "HIGH",
        "basis": "EXERCISE: what was found.",
    }
    done = register.api.command(INVESTIGATOR, "attributeIncident", "AttributeIncidentInput", finding)
    assert done["__typename"] == "IncidentRecorded", done


def test_an_awaited_finding_is_announced_once_to_those_who_investigate(fresh: Register, receiver: Receiver) -> None:
    with receiving() as other, receiving() as elsewhere:
        fresh.endpoint(receiver.url, roles=["INVESTIGATOR"], types=DUE)
        fresh.endpoint(other.url, roles=["OBSERVER"], types=DUE)
        fresh.endpoint(elsewhere.url, by=CLERK, roles=["INVESTIGATOR"], types=DUE)
        incident, _ = awaited_finding(fresh, 0.5)
        late, _ = awaited_finding(fresh, 20)
        hidden, _ = awaited_finding(fresh, 0.5, marking="RED", recipients=["reviewer"])
        with fresh.workers(2):
            [message] = receiver.wait_for(1)
            until(lambda: fresh.states(hidden) == ["WITHHELD"])
        data = message.content["data"]
        assert (message.type, data["id"], data["action"], data["days"]) == ("Reminder", incident, "ATTRIBUTE", 1)
        assert data["reference"].startswith("pristina-i-")
        assert (fresh.states(incident), fresh.states(late)) == (["DELIVERED"], [])
        assert (len(receiver.received), other.received, elsewhere.received) == (1, [], [])


def test_a_finding_that_is_made_before_the_message_is_sent_is_not_announced(fresh: Register) -> None:
    fresh.settings["MANDATE_DELIVER"] = "false"
    fresh.endpoint("https://receiver.example/", roles=["INVESTIGATOR"], types=DUE)
    incident, _ = awaited_finding(fresh, 0.5)
    with fresh.workers():
        until(lambda: fresh.states(incident) == ["PENDING"])
    attribute(fresh, incident)
    del fresh.settings["MANDATE_DELIVER"]
    with fresh.workers():
        until(lambda: ("WITHHELD", "no longer due") in fresh.rows("state, outcome"))


def test_an_overdue_finding_is_escalated_once_to_all_endpoints_of_the_authority(fresh: Register) -> None:
    """The due date moves instead of the time."""
    fresh.settings["MANDATE_DELIVER"] = "false"
    endpoint = fresh.endpoint("https://receiver.example/", roles=["OBSERVER"], types=["Escalation"])
    incident, request = awaited_finding(fresh, 0.5)
    moved = "UPDATE projections.awaited_findings SET due_at = due_at - interval '2 days' WHERE id = %s"
    with psycopg.connect(fresh.urls.owner, autocommit=True) as owner, fresh.workers():
        until(lambda: owner.execute("SELECT FROM projections.delivery_endpoints").rowcount > 0)
        until(lambda: owner.execute(moved, [request]).rowcount > 0)
    together = [threading.Thread(target=queue_once, args=(fresh,)) for _ in range(5)]
    for each in together:
        each.start()
    for each in together:
        each.join()
    assert fresh.queued(endpoint["id"]) == 1
    assert fresh.rows("type, subject::text") == [("Escalation", incident)]


def queue_once(register: Register) -> None:
    with psycopg.connect(register.urls.worker, autocommit=True) as connection:
        queue_due(connection, (7, 1, 0), 1)


@pytest.mark.faults
def test_workers_that_are_killed_announce_each_finding_once(fresh: Register, receiver: Receiver) -> None:
    fresh.endpoint(receiver.url, roles=["INVESTIGATOR"], types=DUE)
    incidents = {awaited_finding(fresh, 0.5)[0] for _ in range(6)}
    for _ in range(3):
        with fresh.workers(2) as workers:
            before = len(receiver.received)
            until(lambda before=before: len(receiver.received) > before or len(fresh.rows()) == 6)  # type: ignore[misc]
            workers[0].kill()
        fresh.let_time_pass()
    with fresh.workers():
        until(lambda: fresh.states() == ["DELIVERED"] * 6)
    assert {each.content["data"]["id"] for each in receiver.received} == incidents
    assert len({each.id for each in receiver.received}) == 6
