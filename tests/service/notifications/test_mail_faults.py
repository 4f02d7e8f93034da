"""Mail senders that are killed or compete, and servers that refuse, are slow or away."""

import signal
import threading
from collections import defaultdict

import psycopg
import pytest

from domain.vocabulary import Role, derived_id
from service.notifications.schedule import ATTEMPTS
from tests.service.graphql.api_client import Person
from tests.service.notifications.mailbox import TAKEN, Mail, Mailbox, mailbox
from tests.service.notifications.receiver import Receiver
from tests.service.notifications.register import REQUESTER, REVIEWER, Register
from tests.service.notifications.waiting import until

ANA, ROB = "ana@kfor.example", "rob@pristina.example"
TYPES = ["RequestSubmitted", "RequestRemarked"]
REMARKS = 6


def order_of(post: Mailbox) -> dict[str, list[str]]:
    """By request: the ids of its mails, as received."""
    found = defaultdict(list)
    for each in post.received:
        found[str(each.message["References"])].append(each.id)
    return found


def ids_of(register: Register) -> dict[str, list[str]]:
    """By request: the ids of its mails, in the order in which they were queued."""
    found = defaultdict(list)
    with psycopg.connect(register.urls.owner) as connection:
        rows = connection.execute("SELECT endpoint::text, key, subject::text FROM projections.deliveries ORDER BY id")
        for endpoint, key, subject in rows.fetchall():
            found[f"<{subject}@mandate.example>"].append(f"<{derived_id('delivery', endpoint, key)}@mandate.example>")
    return found


@pytest.mark.faults
def test_a_mail_whose_sender_is_killed_before_the_outcome_is_sent_again_as_it_was(
    fresh: Register, post: Mailbox
) -> None:
    held = threading.Event()

    def hold(_: Mail) -> str:
        held.wait(60)
        return TAKEN

    post.reply = hold
    fresh.sends_to(post, MANDATE_SMTP_TIMEOUT="30")
    fresh.confirmed(REQUESTER, ROB, types=TYPES)
    fresh.submit(marking="GREEN")
    with fresh.workers() as [worker]:
        post.wait_for(1)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    held.set()
    assert fresh.states() == ["WITHHELD", "PENDING"]
    with fresh.workers():
        fresh.let_time_pass()
        first, second = post.wait_for(2)
        until(lambda: fresh.states() == ["WITHHELD", "DELIVERED"])
    assert first.source == second.source
    assert len(post.received) == 2


@pytest.mark.faults
def test_two_workers_that_are_killed_at_random_lose_no_mail_and_keep_the_order(fresh: Register, post: Mailbox) -> None:
    """Each mail at least once; repeated only with its id, and never after a later one of its request."""
    fresh.sends_to(post)
    subscription = fresh.confirmed(REQUESTER, ROB, types=TYPES)
    requests = [fresh.submit() for _ in range(4)]
    stop = threading.Event()

    def kill() -> None:
        while not stop.is_set():
            with fresh.workers(2) as workers:
                seen = len(post.received)
                until(lambda seen=seen: stop.is_set() or len(post.received) >= seen + 7)  # type: ignore[misc]
                if not stop.is_set():
                    workers[0].kill()
            fresh.let_time_pass()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        for _ in range(REMARKS):
            for request in requests:
                fresh.remark(request)
        until(lambda: sorted(fresh.states()) == [*["DELIVERED"] * (4 + 4 * REMARKS), "WITHHELD"])
    finally:
        stop.set()
        killing.join()
    expected = ids_of(fresh)
    del expected[f"<{subscription}@mandate.example>"]
    for request, ids in order_of(post).items():
        assert list(dict.fromkeys(ids)) == expected[request]
        places = [expected[request].index(each) for each in ids]
        assert places == sorted(places)
    assert order_of(post).keys() == expected.keys()


def test_a_refused_address_is_disabled_by_the_register_and_what_is_queued_is_kept(
    fresh: Register, post: Mailbox
) -> None:
    gone = [True]
    post.refuse = lambda address: "550 5.1.1 no such user" if gone[0] and address == ROB else None
    fresh.sends_to(post)
    subscription = fresh.confirmed(REQUESTER, ROB, types=TYPES)
    fresh.confirmed(REVIEWER, ANA, types=TYPES)
    request = fresh.submit()
    fresh.remark(request)
    with fresh.workers():
        listed = """{ mailSubscriptions { address status reason } }"""
        until(lambda: fresh.api.ask(REQUESTER, listed)["mailSubscriptions"][0]["status"] == "DISABLED")
        [found] = fresh.api.ask(REQUESTER, listed)["mailSubscriptions"]
        assert found["reason"] == "The mail server refused the address: SMTP 550 5.1.1 no such user"
        post.wait_for(2, ANA)
        until(lambda: fresh.states(request, subscription) == ["PENDING", "PENDING"])
        gone[0] = False
        fresh.mail(REQUESTER, "enableMailSubscription", id=subscription, reason="EXERCISE: it is back.")
        fresh.let_time_pass()
        post.wait_for(2, ROB)
        until(lambda: fresh.states(request, subscription) == ["DELIVERED", "DELIVERED"])


def test_a_mail_that_is_refused_for_good_is_given_up_at_once_and_the_operator_decides(
    fresh: Register, post: Mailbox
) -> None:
    post.reply = lambda each: "554 5.6.0 refused" if "submitted" in each.subject else TAKEN
    fresh.sends_to(post)
    fresh.confirmed(REQUESTER, ROB, types=TYPES)
    request = fresh.submit(marking="GREEN")
    with fresh.workers():
        until(lambda: ("DEAD", 1, "SMTP 554 5.6.0 refused") in fresh.rows("state, attempts, outcome"))
        fresh.remark(request)
        other = fresh.submit()
        until(lambda: fresh.states(other) == ["DELIVERED"])
        assert fresh.states(request) == ["DEAD", "PENDING"]


def test_a_server_that_refuses_for_now_is_tried_ten_times(fresh: Register, post: Mailbox) -> None:
    post.reply = lambda _: "451 4.3.0 later"
    fresh.sends_to(post)
    fresh.confirmed(REQUESTER, ROB, types=TYPES)
    request = fresh.submit()
    with fresh.workers():
        for attempt in range(1, ATTEMPTS + 1):
            fresh.let_time_pass()
            until(lambda attempt=attempt: fresh.rows("attempts")[-1:] == [(attempt,)])  # type: ignore[misc]
    assert fresh.states(request) == ["DEAD"]
    assert len({each.id for each in post.received}) == 1
    assert len(post.received) == ATTEMPTS


def test_a_slow_mail_server_keeps_no_webhook_waiting(fresh: Register, post: Mailbox, receiver: Receiver) -> None:
    released = threading.Event()

    def wait(_: Mail) -> str:
        released.wait(60)
        return TAKEN

    post.reply = wait
    fresh.sends_to(post, MANDATE_SMTP_TIMEOUT="30")
    for number in range(3):
        person = Person(f"p{number}", "pristina", (Role.REQUESTER,))
        fresh.confirmed(person, f"p{number}@pristina.example", types=TYPES)
    fresh.endpoint(receiver.url, types=TYPES)
    with fresh.workers():
        for _ in range(6):
            fresh.submit(marking="CLEAR")
        post.wait_for(8)
        receiver.wait_for(6)
        assert len(post.received) == 8, "so many are handed over at a time"
        released.set()
        post.wait_for(18)


def test_without_a_mail_server_mail_stays_queued_and_webhooks_are_sent(
    fresh: Register, post: Mailbox, receiver: Receiver
) -> None:
    subscription = fresh.confirmed(REQUESTER, ROB, types=TYPES)
    fresh.endpoint(receiver.url, types=TYPES)
    request = fresh.submit(marking="GREEN")
    with fresh.workers():
        receiver.wait_for(1)
        until(lambda: sorted(fresh.states(request)) == ["DELIVERED", "PENDING"])
    assert fresh.states(request, subscription) == ["PENDING"]
    fresh.sends_to(post)
    with fresh.workers():
        post.wait_for(1)


def test_a_server_that_comes_back_gets_what_waits(fresh: Register) -> None:
    with mailbox() as away:
        fresh.sends_to(away)
    fresh.confirmed(REQUESTER, ROB, types=TYPES)
    fresh.submit()
    with fresh.workers():
        until(lambda: fresh.rows("state, attempts")[-1:] == [("PENDING", 1)])
    with mailbox() as back:
        fresh.sends_to(back)
        with fresh.workers():
            fresh.let_time_pass()
            back.wait_for(1)
