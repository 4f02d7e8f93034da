"""What a person gets by mail from a real worker over a real SMTP server."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import Person
from tests.service.notifications.mailbox import Mailbox
from tests.service.notifications.register import ADMIN, REQUESTER, REVIEWER, SENDER, Register
from tests.service.notifications.waiting import until

ANA = "ana@kfor.example"
ROB = "rob@pristina.example"
CODE = re.compile(r"code ([A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4})")
LISTED = """query ($at: Position) { mailSubscriptions(atLeast: $at) {
    address status roles types reason subscribedBy { subject } authority { code } } }"""
AUDITOR = Person("auditor", "kfor", (Role.AUDITOR,))


def due_in(days: float) -> dict[str, Any]:
    """A period whose begin is when the request is to be decided."""
    start = datetime.now(UTC) + timedelta(days=days)
    return {"period": {"start": start.isoformat(), "end": (start + timedelta(days=30)).isoformat()}}


def reference_of(register: Register, request: str) -> str:
    document = "query ($id: ID!) { deploymentRequest(id: $id) { reference } }"
    return str(register.api.ask(REVIEWER, document, id=request)["deploymentRequest"]["reference"])


def deny(register: Register, request: str) -> None:
    approver = Person("approver", "kfor", (Role.APPROVER, Role.REVIEWER))
    for mutation in ("beginReview", "denyDeploymentRequest"):
        values = {"id": request, "reason": "EXERCISE: no."}
        done = register.api.command(approver, mutation, "DeploymentRequestCommandInput", values)
        assert done["__typename"] == "DeploymentRequestRecorded", done


def test_an_address_is_confirmed_by_the_code_that_is_sent_there(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post)
    subscription = fresh.subscribe(REVIEWER, ANA)
    fresh.submit(marking="GREEN", **due_in(0.5))
    with fresh.workers():
        [asked] = post.wait_for(1)
        assert (asked.subject, asked.recipient) == ("Confirm your address", ANA)
        wrong = fresh.confirm(REVIEWER, subscription, "AAAA-AAAA-AAAA")
        assert [each["path"] for each in wrong["fields"]] == ["code"]
        found = CODE.search(asked.text)
        assert found is not None
        code = found[1]
        assert subscription in asked.text
        of_another = fresh.confirm(Person("other", "kfor", (Role.REVIEWER,)), subscription, code)
        assert of_another["__typename"] == "NotPermitted"
        confirmed = fresh.confirm(REVIEWER, subscription, code.replace("-", " ").lower())
        assert confirmed["subscription"]["status"] == "ENABLED"
        _, reminder = post.wait_for(2)
    assert "Begin review: due within a day" in reminder.text
    [listed] = fresh.api.ask(REVIEWER, LISTED, at=confirmed["position"])["mailSubscriptions"]
    assert (listed["address"], listed["status"], listed["roles"]) == (ANA, "ENABLED", ["REVIEWER"])
    trail = fresh.api.ask(AUDITOR, "{ auditTrail(last: 100) { edges { node { type payload } } } }")
    assert code not in str(trail)
    assert "MailSubscriptionConfirmed" in str(trail)


def test_a_mail_has_the_headers_of_an_automatic_one(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post)
    fresh.confirmed(REQUESTER, ROB, types=["RequestSubmitted", "RequestRemarked"])
    request = fresh.submit(marking="GREEN")
    fresh.remark(request)
    with fresh.workers():
        until(lambda: fresh.states() == ["WITHHELD", "DELIVERED", "DELIVERED"])
    first, second = post.received
    headers = first.message
    reference = reference_of(fresh, request)
    assert headers["Subject"].startswith(f"{reference}: Request submitted on ")
    assert headers["From"] == f"Mandate <{SENDER}>"
    assert (headers["To"], first.sender, first.recipient) == (ROB, SENDER, ROB)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@mandate\.example>", first.id)
    assert first.id != second.id
    assert headers["References"] == second.message["References"] == f"<{request}@mandate.example>"
    assert abs(headers["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)
    assert (headers.get_content_type(), headers.get_content_charset()) == ("text/plain", "utf-8")
    assert f"https://register.example/api/requests/{reference}\n" in first.text
    assert "Request remarked" in second.text
    assert "EXERCISE: a remark" not in second.text


@pytest.mark.parametrize("marking", ["AMBER", "AMBER_STRICT"])
def test_of_what_is_marked_amber_or_stricter_a_mail_has_the_reference_and_a_link_alone(
    fresh: Register, post: Mailbox, marking: str
) -> None:
    fresh.sends_to(post)
    fresh.confirmed(REVIEWER, ANA, types=["RequestSubmitted", "Reminder"])
    request = fresh.submit(marking=marking, **due_in(0.5))
    with fresh.workers():
        mails = post.wait_for(2)
    reference = reference_of(fresh, request)
    for each in mails:
        assert each.subject == reference
        assert each.text.split("\n-- \n")[0] == f"{reference}\nhttps://register.example/api/requests/{reference}\n"


def test_of_what_is_marked_red_there_is_no_mail_not_even_to_a_recipient(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post)
    subscription = fresh.confirmed(REVIEWER, ANA, types=["RequestSubmitted", "Reminder", "RequestMarkingChanged"])
    recipients = ["reviewer", f"person:mail|{subscription}"]
    red = fresh.submit(marking="RED", recipients=recipients, **due_in(0.5))
    with fresh.workers():
        until(lambda: sorted(fresh.states(red)) == ["WITHHELD", "WITHHELD"])
        fresh.submit()
        post.wait_for(1)
    assert len(post.received) == 1


def test_who_names_no_types_is_told_what_waits_and_what_was_decided(fresh: Register, post: Mailbox) -> None:
    """And not what others decide on each other's requests."""
    third = Person("third", "third", (Role.ADMINISTRATOR, Role.OBSERVER))
    done = fresh.api.command(third, "registerAuthority", "RegisterAuthorityInput", {"code": "third", "name": "Third"})
    assert done["__typename"] == "AuthorityRecorded", done
    fresh.sends_to(post)
    fresh.confirmed(REQUESTER, ROB)
    fresh.confirmed(third, "third@kfor.example")
    request = fresh.submit(marking="CLEAR")
    fresh.remark(request)
    deny(fresh, request)
    with fresh.workers():
        until(lambda: sorted(fresh.states(request)) == ["DELIVERED", "WITHHELD"])
        [mail] = post.wait_for(1)
    assert (mail.recipient, mail.text.splitlines()[1][:17]) == (ROB, "Request denied on")


def test_a_blocked_person_gets_no_mail(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post)
    fresh.confirmed(REQUESTER, ROB, types=["RequestSubmitted"])
    fresh.submit()
    block = {"issuer": "mandate", "subject": REQUESTER.subject, "reason": "EXERCISE: it was stolen."}
    blocked = "mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { __typename } }"
    assert fresh.api.ask(ADMIN, blocked, input=block)["blockPerson"]["__typename"] == "PersonRecorded"
    with fresh.workers():
        until(lambda: ("WITHHELD", "the person is blocked") in fresh.rows("state, outcome"))
    assert post.received == []


def test_mail_goes_only_to_domains_that_the_operator_names(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post, MANDATE_SMTP_DOMAINS="kfor.example")
    refused = fresh.mail(REVIEWER, "subscribeMail", "SubscribeMailInput", address="ana@elsewhere.example")
    assert [(each["path"], "kfor.example and pristina.example" in each["message"]) for each in refused["fields"]] == [
        ("address", True)
    ]
    fresh.subscribe(REQUESTER, ROB)
    with fresh.workers():
        until(lambda: fresh.states() == ["DEAD"])
    assert post.received == []


def test_what_is_disabled_gets_nothing_until_it_is_enabled(fresh: Register, post: Mailbox) -> None:
    fresh.sends_to(post)
    subscription = fresh.confirmed(REQUESTER, ROB, types=["RequestSubmitted"])
    fresh.submit()
    disabled = fresh.mail(ADMIN, "disableMailSubscription", id=subscription, reason="EXERCISE")
    assert disabled["__typename"] == "NotFound", "another authority"
    disabled = fresh.mail(REQUESTER, "disableMailSubscription", id=subscription, reason="EXERCISE")
    assert disabled["subscription"]["status"] == "DISABLED"
    fresh.submit()
    with fresh.workers():
        until(lambda: len(fresh.rows()) == 2)
        enabled = fresh.mail(REQUESTER, "enableMailSubscription", id=subscription, reason="EXERCISE")
        assert enabled["subscription"]["status"] == "ENABLED"
        post.wait_for(1)
        until(lambda: fresh.states() == ["WITHHELD", "DELIVERED"])
