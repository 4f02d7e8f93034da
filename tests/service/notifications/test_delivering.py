"""What a receiver gets over real HTTP from a real worker."""

import threading
from base64 import b64decode
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from domain.vocabulary import Role
from tests.service.graphql.api_client import Person
from tests.service.notifications.receiver import OK, Received, Receiver, Reply, receiving
from tests.service.notifications.register import ADMIN, CLERK, REQUESTER, Register
from tests.service.notifications.waiting import until

ENDPOINTS = "query ($at: Position) { webhookEndpoints(atLeast: $at) { id } }"
REGISTRATIONS = """{ auditTrail(filter: {type: ["WebhookEndpointRegistered"]}, last: 100) {
    edges { node { payload } } } }"""
AUDITOR = Person("auditor", "kfor", (Role.AUDITOR,))


def of(request: str, receiver: Receiver) -> list[Received]:
    """The messages about one request."""
    return [each for each in list(receiver.received) if each.content["data"]["id"] == request]


def verify_ed25519(public_key: str, message: Received) -> None:
    """Raises InvalidSignature unless one of the signatures v1a is by this key."""
    key = Ed25519PublicKey.from_public_bytes(b64decode(public_key.removeprefix("whpk_")))
    content = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    signatures = [each[4:] for each in message.headers["webhook-signature"].split(" ") if each.startswith("v1a,")]
    for signature in signatures[:-1]:
        try:
            return key.verify(b64decode(signature), content)
        except InvalidSignature:
            continue
    return key.verify(b64decode(signatures[-1]), content)


def test_a_thin_message_is_sent_once_and_signed_in_both_ways(running: Register, receiver: Receiver) -> None:
    before = running.submit()
    endpoint = running.endpoint(receiver.url)
    request = running.submit()
    [message] = receiver.wait_for(1)
    assert before not in str(receiver.received), "events before its registration are not sent"
    Webhook(endpoint["secret"]).verify(message.body, message.headers)
    verify_ed25519(endpoint["publicKey"], message)
    with pytest.raises(InvalidSignature):
        verify_ed25519(endpoint["publicKey"], Received(message.path, message.headers, message.body + b" "))
    assert set(message.content) == {"type", "timestamp", "data"}
    assert message.content["data"].keys() == {"id", "reference", "position"}
    assert (message.type, message.content["data"]["id"]) == ("RequestSubmitted", request)
    until(lambda: running.states(request)[-1] == "DELIVERED")
    event = running.api.ask(
        AUDITOR,
        "query ($at: Position!) { recordedEvent(position: $at, atLeast: $at) { type recordedAt subject { id } } }",
        at=message.content["data"]["position"],
    )["recordedEvent"]
    assert event == {"type": "RequestSubmitted", "recordedAt": message.content["timestamp"], "subject": {"id": request}}


def test_the_secret_is_shown_once_and_a_rotated_key_signs_beside_the_new_one(
    running: Register, receiver: Receiver
) -> None:
    terms = {"name": "Rotated", "url": receiver.url, "roles": ["OBSERVER"], "idempotencyKey": "rotated"}
    kind = "RegisterWebhookEndpointInput"
    first = running.command(ADMIN, "registerWebhookEndpoint", kind, **terms)
    again = running.command(ADMIN, "registerWebhookEndpoint", kind, **terms)
    assert (again["position"], again["secret"]) == (first["position"], None)
    assert first["secret"].startswith("whsec_")
    endpoint = first["endpoint"]["id"]
    running.command(ADMIN, "rotateWebhookKey", id=endpoint, reason="EXERCISE: it leaked.")
    rotated = running.command(ADMIN, "rotateWebhookKey", id=endpoint, reason="EXERCISE: the answer was lost.")
    disabled = running.command(ADMIN, "disableWebhookEndpoint", id=endpoint, reason="EXERCISE")
    enabled = running.command(ADMIN, "enableWebhookEndpoint", id=endpoint, reason="EXERCISE")
    assert (disabled["secret"], enabled["secret"], enabled["endpoint"]["status"]) == (None, None, "ENABLED")
    assert rotated["secret"] != first["secret"]
    assert rotated["endpoint"]["publicKey"] != first["endpoint"]["publicKey"]
    running.submit()
    [message] = receiver.wait_for(1)
    for done in (first, rotated):
        Webhook(done["secret"]).verify(message.body, message.headers)
        verify_ed25519(done["endpoint"]["publicKey"], message)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(message.body, message.headers)
    trail = running.api.ask(AUDITOR, "{ auditTrail(last: 100) { edges { node { type payload } } } }")
    assert first["secret"] not in str(trail)


def test_a_message_has_the_answer_of_a_document_by_the_endpoints_own_viewer(
    running: Register, receiver: Receiver
) -> None:
    endpoint = running.endpoint(receiver.url, document="deployment-request", types=["RequestRemarked"])
    request = running.submit(marking="AMBER_STRICT")
    running.remark(request)
    [message] = receiver.wait_for(1)
    assert message.content["data"]["content"]["deploymentRequest"]["id"] == request
    entries = running.api.ask(AUDITOR, "{ accessLog(first: 100) { edges { node { person { subject } subjects } } } }")
    shown = [each["node"] for each in entries["accessLog"]["edges"] if request in each["node"]["subjects"]]
    assert endpoint["id"] in {each["person"]["subject"] for each in shown}, "what it is shown is on record"


def test_what_the_endpoint_may_not_see_is_not_sent_not_even_that_it_exists(
    running: Register, receiver: Receiver
) -> None:
    ours = running.endpoint(receiver.url)["id"]
    with receiving() as of_the_requester:
        theirs = running.endpoint(of_the_requester.url, by=CLERK)["id"]
        strict = running.submit(marking="AMBER_STRICT")
        red = running.submit(marking="RED", recipients=["reviewer"])
        open_ = running.submit(marking="GREEN")
        until(lambda: of(open_, receiver) and of(open_, of_the_requester) and of(strict, receiver))
        until(lambda: running.states(red, ours) == ["WITHHELD"] and running.states(red, theirs) == ["WITHHELD"])
        until(lambda: running.states(strict, theirs) == ["WITHHELD"])
        assert (len(of(strict, receiver)), of(strict, of_the_requester)) == (1, [])
        assert red not in str((receiver.received, of_the_requester.received))


def test_an_endpoint_is_sent_what_it_wants(running: Register, receiver: Receiver) -> None:
    endpoint = running.endpoint(receiver.url, types=["RequestRemarked", "RequestWithdrawn"])
    request = running.submit()
    running.remark(request)
    receiver.wait_for(1)
    changed: dict[str, Any] = {"name": "Changed", "url": f"{receiver.url}/new", "roles": ["OBSERVER"]}
    running.command(
        ADMIN, "changeWebhookEndpoint", "ChangeWebhookEndpointInput", id=endpoint["id"], reason="EXERCISE", **changed
    )
    running.submit()
    receiver.wait_for(2)
    assert receiver.types() == ["RequestRemarked", "RequestSubmitted"]
    assert [each.path for each in receiver.received] == ["/hook", "/hook/new"]


def test_a_redirect_is_a_failure_and_not_followed(running: Register, receiver: Receiver) -> None:
    with receiving() as other:
        receiver.reply = lambda _: (307, {"Location": other.url})
        running.endpoint(receiver.url)
        request = running.submit()
        receiver.wait_for(1)
        until(lambda: ("PENDING", 1, "HTTP 307", request) in running.rows())
        assert other.received == []


def test_an_endpoint_that_is_gone_is_disabled_by_the_register(running: Register, receiver: Receiver) -> None:
    receiver.reply = lambda _: (410, {})
    endpoint = running.endpoint(receiver.url)
    request = running.submit()
    fields = "{ webhookEndpoints { id status reason } }"

    def state() -> Any:
        found = running.api.ask(AUDITOR, fields)["webhookEndpoints"]
        return next((each for each in found if each["id"] == endpoint["id"]), {"status": None})

    until(lambda: state()["status"] == "DISABLED")
    assert state()["reason"] == "The receiver answered 410 Gone."
    until(lambda: ("PENDING", 1, "HTTP 410", request) in running.rows())
    queued = running.queued(endpoint["id"])
    running.submit()
    receiver.reply = lambda _: (200, {})
    running.command(ADMIN, "enableWebhookEndpoint", id=endpoint["id"], reason="EXERCISE: it is back.")
    running.let_time_pass()
    until(lambda: len(of(request, receiver)) == 2)
    assert running.queued(endpoint["id"]) == queued, "nothing was queued while it was disabled"


def test_a_busy_receiver_says_when_to_try_again(running: Register, receiver: Receiver) -> None:
    receiver.reply = lambda _: (429, {"Retry-After": "7200"})
    endpoint = running.endpoint(receiver.url)
    running.submit()
    wait = f"extract(epoch FROM due_at - clock_timestamp())::int, endpoint = '{endpoint['id']}', outcome"
    until(lambda: any(ours and outcome == "HTTP 429" for _, ours, outcome in running.rows(wait)))
    [seconds] = [wait for wait, ours, _ in running.rows(wait) if ours]
    assert 7100 < seconds <= 7200


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(running: Register, receiver: Receiver) -> None:
    released = threading.Event()

    def wait(_: Received) -> Reply:
        released.wait(60)
        return OK

    receiver.reply = wait
    running.endpoint(receiver.url)
    request = running.submit()
    until(lambda: ("PENDING", 1, "TimeoutError", request) in running.rows())
    released.set()


def test_another_authority_neither_sees_nor_changes_an_endpoint(running: Register, receiver: Receiver) -> None:
    endpoint = running.endpoint(receiver.url)
    for who, sees in ((ADMIN, True), (CLERK, False), (REQUESTER, False)):
        found = running.api.ask(who, ENDPOINTS, at=endpoint["position"])["webhookEndpoints"]
        assert ({"id": endpoint["id"]} in found) is sees
        trail = running.api.ask(who, REGISTRATIONS)

        assert (receiver.url in str(trail)) is sees
    refused = running.command(CLERK, "disableWebhookEndpoint", id=endpoint["id"], reason="EXERCISE")
    assert refused["__typename"] == "NotFound"
    refused = running.command(
        ADMIN, "registerWebhookEndpoint", "RegisterWebhookEndpointInput",
        name="x", url=receiver.url, roles=["OBSERVER"], document="submit",
    )  # fmt: skip
    assert [each["path"] for each in refused["fields"]] == ["document"]


def test_an_address_to_which_nothing_would_be_sent_is_refused(running: Register) -> None:
    terms = {"name": "EXERCISE", "url": "http://93.184.215.14/hook", "roles": ["OBSERVER"], "document": "nothing"}
    refused = running.command(ADMIN, "registerWebhookEndpoint", "RegisterWebhookEndpointInput", **terms)
    found = {each["path"]: each["message"] for each in refused["fields"]}
    assert found.keys() == {"url", "document"}
    assert found["url"].startswith("Nothing would be sent to it: plain HTTP is sent only to networks")
