"""Senders that are killed or compete, receivers that fail, names that resolve to this machine, and restores."""

import signal
import threading
from collections import defaultdict
from urllib.parse import urlsplit

import psycopg
import pytest
from typer.testing import CliRunner, Result

from domain.vocabulary import Role
from service.cli import application
from service.notifications.schedule import ATTEMPTS
from tests.service.graphql.api_client import Person
from tests.service.notifications.receiver import OK, Received, Receiver, Reply, receiving
from tests.service.notifications.register import ADMIN, REVIEWER, Register
from tests.service.notifications.waiting import until

APPROVER = Person("approver", "kfor", (Role.APPROVER,))


def order_of(receiver: Receiver) -> dict[str, list[int]]:
    """By request: the positions of its messages, as received."""
    found = defaultdict(list)
    for each in receiver.received:
        found[each.content["data"]["id"]].append(int(each.content["data"]["position"]))
    return found


@pytest.mark.faults
def test_a_message_whose_sender_is_killed_before_the_outcome_is_sent_again_with_its_id(
    fresh: Register, receiver: Receiver
) -> None:
    held = threading.Event()

    def hold(_: Received) -> Reply:
        held.wait(60)
        return OK

    receiver.reply = hold
    fresh.endpoint(receiver.url)
    fresh.submit()
    with fresh.workers() as [worker]:
        receiver.wait_for(1)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    held.set()
    assert fresh.states() == ["PENDING"]
    with fresh.workers():
        fresh.let_time_pass()
        first, second = receiver.wait_for(2)
        until(lambda: fresh.states() == ["DELIVERED"])
    assert (first.id, first.body) == (second.id, second.body)
    assert len(receiver.received) == 2


@pytest.mark.faults
def test_workers_that_are_killed_at_random_lose_nothing_and_keep_the_order(fresh: Register, receiver: Receiver) -> None:
    """Each message at least once; repeated only with its id, and never after a later one of its request."""
    fresh.endpoint(receiver.url)
    requests = [fresh.submit() for _ in range(4)]
    stop = threading.Event()

    def kill() -> None:
        while not stop.is_set():
            with fresh.workers(2) as workers:
                seen = len(receiver.received)
                until(lambda seen=seen: stop.is_set() or len(receiver.received) >= seen + 7)  # type: ignore[misc]
                if not stop.is_set():
                    workers[0].kill()
            fresh.let_time_pass()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        for _ in range(8):
            for request in requests:
                fresh.remark(request)
        until(lambda: fresh.states() == ["DELIVERED"] * 36)
    finally:
        stop.set()
        killing.join()
    for positions in order_of(receiver).values():
        assert positions == sorted(positions)
        assert len(set(positions)) == 9
    assert len({each.id for each in receiver.received}) == 36


def test_two_workers_send_each_message_once_and_in_the_order_of_its_request(
    fresh: Register, receiver: Receiver
) -> None:
    fresh.endpoint(receiver.url)
    with fresh.workers(2):
        requests = [fresh.submit() for _ in range(5)]
        for _ in range(8):
            for request in requests:
                fresh.remark(request)
        until(lambda: fresh.states() == ["DELIVERED"] * 45)
    assert len(receiver.received) == 45
    assert all(positions == sorted(set(positions)) for positions in order_of(receiver).values())


def test_later_messages_about_a_request_wait_for_a_failed_one_and_others_do_not(
    fresh: Register, receiver: Receiver
) -> None:
    failing = [True]
    receiver.reply = lambda each: (500, {}) if failing[0] and each.type == "RequestSubmitted" else OK
    fresh.endpoint(receiver.url, types=["RequestSubmitted", "RequestRemarked"])
    first = fresh.submit()
    with fresh.workers():
        until(lambda: fresh.rows("outcome") == [("HTTP 500",)])
        fresh.remark(first)
        failing[0] = False
        second = fresh.submit()
        fresh.remark(second)
        until(lambda: fresh.states(second) == ["DELIVERED", "DELIVERED"])
        assert fresh.states(first) == ["PENDING", "PENDING"]
        fresh.let_time_pass()
        until(lambda: fresh.states(first) == ["DELIVERED", "DELIVERED"])
    assert [each.type for each in receiver.received if each.content["data"]["id"] == first] == [
        "RequestSubmitted",
        "RequestSubmitted",
        "RequestRemarked",
    ]


def cli(register: Register, *arguments: str) -> Result:
    return CliRunner().invoke(application(arguments[0]), arguments, env=dict(register.environment))


def test_a_message_that_always_fails_is_given_up_and_the_operator_decides(fresh: Register, receiver: Receiver) -> None:
    receiver.reply = lambda _: (503, {})
    fresh.endpoint(receiver.url)
    request = fresh.submit()
    with fresh.workers():
        for attempt in range(1, ATTEMPTS + 1):
            fresh.let_time_pass()
            receiver.wait_for(attempt)
            until(lambda attempt=attempt: fresh.rows("attempts") == [(attempt,)])  # type: ignore[misc]
        assert fresh.states() == ["DEAD"]
        assert len({each.id for each in receiver.received}) == 1
        fresh.remark(request)
        until(lambda: fresh.states() == ["DEAD", "PENDING"])
        health = fresh.api.client.get("/health/ready").json()
        assert health["warnings"]["deliveries"].startswith("1 message was given up")
        metrics = fresh.api.client.get("/metrics").text
        assert 'mandate_deliveries{state="dead"} 1.0' in metrics
        assert 'mandate_deliveries{state="pending"} 1.0' in metrics
        listed = cli(fresh, "deliveries", "list", "--state", "DEAD")
        assert (listed.exit_code, "HTTP 503" in listed.stdout, request in listed.stdout) == (1, True, True)
        dead = fresh.rows("id")[0][0]
        receiver.reply = lambda _: OK
        again = cli(fresh, "deliveries", "retry", str(dead))
        assert (again.exit_code, again.stdout) == (0, "1 message to be sent again\n"), again.output
        until(lambda: fresh.states() == ["DELIVERED", "DELIVERED"])
    refused = cli(fresh, "deliveries", "skip", str(dead), "--reason", "EXERCISE")
    assert refused.exit_code == 1
    assert f"{dead}: not pending and not given up" in refused.stderr


def test_a_skipped_message_is_not_sent(fresh: Register, receiver: Receiver) -> None:
    fresh.endpoint(receiver.url)
    request = fresh.submit()
    fresh.remark(request)
    with fresh.workers() as [worker]:
        receiver.wait_for(2)
        until(lambda: fresh.states() == ["DELIVERED", "DELIVERED"])
        worker.kill()
    fresh.settings["MANDATE_DELIVER"] = "false"
    with fresh.workers():
        fresh.remark(request)
        fresh.remark(request)
        until(lambda: len(fresh.rows()) == 4)
        skipped = cli(fresh, "deliveries", "skip", str(fresh.rows("id")[2][0]), "--reason", "EXERCISE: not needed")
        assert (skipped.exit_code, skipped.stdout) == (0, "1 message skipped\n"), skipped.output
    assert len(receiver.received) == 2, "nothing is sent while it is held"
    del fresh.settings["MANDATE_DELIVER"]
    with fresh.workers():
        until(lambda: fresh.states() == ["DELIVERED", "DELIVERED", "SKIPPED", "DELIVERED"])
    assert len(receiver.received) == 3


def test_a_slow_receiver_keeps_nobody_else_waiting(fresh: Register, receiver: Receiver) -> None:
    fresh.settings["MANDATE_WEBHOOK_TIMEOUT"] = "30"
    released = threading.Event()

    def wait(_: Received) -> Reply:
        released.wait(60)
        return OK

    with receiving() as slow:
        slow.reply = wait
        endpoint = fresh.endpoint(slow.url)
        fresh.endpoint(receiver.url)
        with fresh.workers():
            for _ in range(12):
                fresh.submit()
            slow.wait_for(8)
            receiver.wait_for(12)
            found = fresh.rows("endpoint::text, outcome")
            of_slow = {outcome for to, outcome in found if to == endpoint["id"]}
            released.set()
    assert of_slow == {None}, "none of them had ended"


def test_a_name_that_resolves_to_this_machine_is_not_connected_to(fresh: Register, receiver: Receiver) -> None:
    fresh.settings["MANDATE_WEBHOOK_NETWORKS"] = "10.1.0.0/16"
    port = urlsplit(receiver.url).port
    for host in ("localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
        fresh.endpoint(f"http://{host}:{port}/hook")
    fresh.submit()
    with fresh.workers():
        until(lambda: [attempts > 0 for (attempts,) in fresh.rows("attempts")] == [True] * 4)
    outcomes = [outcome for (outcome,) in fresh.rows("outcome")]
    assert all("is not on the public internet" in each for each in outcomes), outcomes
    assert receiver.received == []


def test_a_marking_that_is_raised_before_a_message_is_sent_hides_it(fresh: Register, receiver: Receiver) -> None:
    fresh.endpoint(receiver.url)
    request = fresh.submit(marking="AMBER")
    done = fresh.api.command(
        REVIEWER,
        "changeDeploymentRequestMarking",
        "ChangeMarkingInput",
        {"id": request, "marking": "RED", "recipients": ["approver"], "reason": "EXERCISE"},
    )
    assert done["__typename"] == "DeploymentRequestRecorded", done
    with fresh.workers():
        until(lambda: fresh.states() == ["WITHHELD", "WITHHELD"])
    assert receiver.received == []


def test_an_event_that_a_restore_has_lost_is_not_sent_as_another(fresh: Register, receiver: Receiver) -> None:
    """Its position is that of another event by then."""
    fresh.settings["MANDATE_DELIVER"] = "false"
    fresh.endpoint(receiver.url)
    request = fresh.submit()
    with fresh.workers():
        until(lambda: fresh.states() == ["PENDING"])
    del fresh.settings["MANDATE_DELIVER"]
    with psycopg.connect(fresh.urls.owner) as connection:
        connection.execute("UPDATE projections.deliveries SET at = at - interval '1 second'")
    with fresh.workers():
        until(lambda: fresh.states() == ["WITHHELD"])
        fresh.remark(request)
        receiver.wait_for(1)
    assert receiver.types() == ["RequestRemarked"]


def test_a_follower_that_begins_again_queues_nothing_twice(fresh: Register, receiver: Receiver) -> None:
    with receiving() as other:
        first = fresh.endpoint(receiver.url)
        fresh.submit()
        fresh.command(ADMIN, "disableWebhookEndpoint", id=first["id"], reason="EXERCISE")
        fresh.endpoint(other.url)
        fresh.submit()
        with fresh.workers():
            until(lambda: len(fresh.rows()) == 2)
        with psycopg.connect(fresh.urls.owner) as connection:
            connection.execute("UPDATE projections.checkpoints SET position = 0 WHERE view = 'deliveries'")
        with fresh.workers():
            fresh.submit()
            fresh.let_time_pass()
            until(lambda: len({each.id for each in other.received}) == 2)
            until(lambda: len(fresh.rows()) == 3)
    assert len(receiver.received) <= 1
