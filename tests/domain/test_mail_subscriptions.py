"""Persons subscribe mail addresses of theirs, and confirm them."""

from dataclasses import replace
from typing import Any

import pytest

from domain.catalogue import own_audience
from domain.mail_subscription.events import (
    MailSubscribed,
    MailSubscriptionConfirmed,
    MailSubscriptionDisabled,
    MailSubscriptionEnabled,
)
from domain.mail_subscription.lifecycle import (
    ConfirmMailSubscription,
    DisableMailSubscription,
    EnableMailSubscription,
    SubscribeMail,
)
from domain.mail_subscription.state import ISSUER, USUAL, MailSubscription, MailSubscriptionStatus
from domain.message_types import MESSAGE_TYPES
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role
from tests.domain.case import DAY, KFOR, PRISTINA, REGISTERED, WHY, admin, person, reviewer
from tests.specification import NOW, Past, given

SUBSCRIBE = SubscribeMail(address="reviewer@kfor.example")
CONFIRM = ConfirmMailSubscription(is_right=True)
DISABLE, ENABLE = (kind(reason=WHY) for kind in (DisableMailSubscription, EnableMailSubscription))
subscribed = Past(
    event=MailSubscribed(authority=KFOR, address="reviewer@kfor.example", roles=(Role.REVIEWER,)), by=reviewer
)
confirmed = Past(event=MailSubscriptionConfirmed(authority=KFOR), by=reviewer)
disabled = Past(event=MailSubscriptionDisabled(authority=KFOR, reason=WHY), by=reviewer)
enabled = Past(event=MailSubscriptionEnabled(authority=KFOR, reason=WHY), by=reviewer)
colleague = person("colleague", KFOR, Role.REVIEWER, Role.APPROVER)
STARTED = (*REGISTERED, subscribed)


def subscription(*past: Past) -> MailSubscription:
    state = given(*REGISTERED, *past).register.states[subscribed.stream]
    assert isinstance(state, MailSubscription)
    return state


def test_a_subscription_reads_as_somebody_of_the_authority_with_the_roles_of_the_person() -> None:
    given(*REGISTERED).when(SUBSCRIBE, by=reviewer).then(subscribed.event)
    state = subscription(subscribed)
    assert state.viewer == Actor(issuer=ISSUER, subject=state.viewer.subject, authority=KFOR, roles=(Role.REVIEWER,))
    assert own_audience(subscribed.event) == state.audience == {"auditors", "authority:kfor"}
    assert (state.name, state.subscribed_by) == ("reviewer@kfor.example", reviewer)


def test_its_state_is_what_was_recorded() -> None:
    history = [
        replace(each, at=NOW - days * DAY)
        for each, days in ((subscribed, 5), (confirmed, 4), (disabled, 3), (enabled, 2))
    ]
    expected = MailSubscription(
        id=subscribed.stream,
        version=1,
        authority=KFOR,
        address="reviewer@kfor.example",
        roles=(Role.REVIEWER,),
        types=(),
        status=MailSubscriptionStatus.UNCONFIRMED,
        status_since=NOW - 5 * DAY,
        subscribed_at=NOW - 5 * DAY,
        subscribed_by=reviewer,
    )
    assert subscription(*history[:1]) == expected
    then = NOW - 4 * DAY
    is_on = replace(expected, version=2, status=MailSubscriptionStatus.ENABLED, status_since=then, confirmed_at=then)
    assert subscription(*history[:2]) == is_on
    is_off = replace(is_on, version=3, status=MailSubscriptionStatus.DISABLED, status_since=NOW - 3 * DAY, reason=WHY)
    assert subscription(*history[:3]) == is_off
    is_on_again = replace(is_off, version=4, status=MailSubscriptionStatus.ENABLED, status_since=NOW - 2 * DAY)
    assert subscription(*history) == is_on_again


def test_nothing_is_queued_before_it_is_confirmed() -> None:
    assert not subscription(subscribed).wants("Reminder")
    given(*STARTED).when(CONFIRM, by=reviewer).then(confirmed.event)
    assert subscription(subscribed, confirmed).wants("Reminder")
    given(*STARTED, confirmed).when(CONFIRM, by=reviewer).refused(TransitionRefused, "to be unconfirmed")


def test_it_takes_the_code_that_was_sent() -> None:
    wrong = ConfirmMailSubscription(is_right=False)
    given(*STARTED).when(wrong, by=reviewer).refused(InvalidInput, "not the code", at=("code",))
    given(*STARTED).when(wrong, by=colleague).refused(NotPermitted, "the person whose address it is")


def test_it_is_disabled_and_enabled_as_it_was() -> None:
    for past in ((subscribed,), (subscribed, confirmed)):
        given(*REGISTERED, *past).when(DISABLE, by=reviewer).then(disabled.event)
        given(*REGISTERED, *past, disabled).when(ENABLE, by=reviewer).then(enabled.event)
        before, after = subscription(*past), subscription(*past, disabled, enabled)
        assert (before.status, before.is_enabled) == (after.status, after.is_enabled)
        assert not subscription(*past, disabled).is_enabled
        assert not subscription(*past, disabled).wants("Reminder")


def test_administrators_of_the_authority_and_the_register_disable_it() -> None:
    for actor in (admin, SYSTEM):
        given(*STARTED).when(DISABLE, by=actor).then(disabled.event)


@pytest.mark.parametrize("actor", [admin, colleague, replace(reviewer, issuer="another")])
def test_nobody_confirms_or_enables_the_address_of_another(actor: Actor) -> None:
    given(*STARTED).when(CONFIRM, by=actor).refused(NotPermitted, "the person whose address it is")
    given(*STARTED, disabled).when(ENABLE, by=actor).refused(NotPermitted, "the person whose address it is")
    if actor is not admin:
        given(*STARTED).when(DISABLE, by=actor).refused(NotPermitted, "or an administrator of kfor")


def test_who_acts_for_another_authority_does_not_learn_of_it() -> None:
    elsewhere = replace(reviewer, authority=PRISTINA)
    for command in (CONFIRM, DISABLE):
        given(*STARTED).when(command, by=elsewhere).refused(NotFound, "nothing with this id")


def test_it_reads_no_more_than_the_person() -> None:
    wanting = replace(SUBSCRIBE, roles=(Role.REVIEWER, Role.AUDITOR))
    given(*REGISTERED).when(wanting, by=reviewer).refused(InvalidInput, "You are no auditor", at=("roles.1",))
    fewer = replace(SUBSCRIBE, roles=(Role.APPROVER,))
    event = MailSubscribed(authority=KFOR, address=SUBSCRIBE.address, roles=(Role.APPROVER,))
    given(*REGISTERED).when(fewer, by=colleague).then(event)
    demoted = replace(reviewer, roles=(Role.OBSERVER,))
    given(*STARTED, disabled).when(ENABLE, by=demoted).refused(TransitionRefused, "otherwise subscribe again")


def test_only_persons_of_registered_authorities_subscribe() -> None:
    stranger = person("x", AuthorityCode("elsewhere"), Role.REVIEWER)
    given(*REGISTERED).when(SUBSCRIBE, by=stranger).refused(NotPermitted, "not registered")


def test_the_usual_mails_are_about_what_waits_and_was_decided() -> None:
    state = subscription(subscribed, confirmed)
    assert USUAL < MESSAGE_TYPES
    assert (state.wants("RequestApproved"), state.wants("RequestRemarked")) == (True, False)
    chosen = Past(event=replace(subscribed.event, types=("RequestRemarked",)), by=reviewer)
    state = subscription(chosen, confirmed)
    assert (state.wants("RequestApproved"), state.wants("RequestRemarked")) == (False, True)


@pytest.mark.parametrize(
    ("address", "is_valid"),
    [
        ("ana.h@pristina.example", True),
        ("a+b_c@xn--bcher-kva.example", True),
        (f"{'a' * 64}@kfor.example", True),
        (f"{'a' * 65}@kfor.example", False),
        (f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.example.org", False),
        ("ana@pristina.example\r\nBcc: eva@elsewhere.example", False),
        ("ana@pristina.example\n", False),
        ("ana@pristina.example, eva@elsewhere.example", False),
        ("Ana <ana@pristina.example>", False),
        ('"ana h"@pristina.example', False),
        ("ana@pristina", False),
        ("ana@[127.0.0.1]", False),
        ("ana@127.0.0.1", False),
        ("ana@-pristina.example", False),
        ("an\u00e4@pristina.example", False),
        ("\u212ana@pristina.example", False),
        ("ana..h@pristina.example", False),
        ("@pristina.example", False),
        ("", False),
    ],
)
def test_an_address_is_plain(address: str, is_valid: bool) -> None:
    command = replace(SUBSCRIBE, address=address)
    if is_valid:
        given(*REGISTERED).when(command, by=reviewer).then(replace(subscribed.event, address=address))
    else:
        given(*REGISTERED).when(command, by=reviewer).refused(InvalidInput, "must be a mail address", at=("address",))


def test_what_is_malformed_is_named() -> None:
    for types, message in (
        (("RequestApproved", "Nothing"), "No message has the type 'Nothing'"),
        (("RequestApproved", "RequestApproved"), "is listed already"),
        (("RequestApproved", "Confirmation"), "No message has the type"),
    ):
        command: Any = replace(SUBSCRIBE, types=types)
        given(*REGISTERED).when(command, by=reviewer).refused(InvalidInput, message, at=("types.1",))


def test_what_can_be_done_follows_from_the_table() -> None:
    register = given(*STARTED).register
    assert register.available(reviewer, subscribed.stream) == ("CONFIRM", "DISABLE")
    assert register.available(admin, subscribed.stream) == ("DISABLE",)
    assert register.available(colleague, subscribed.stream) == ()


def test_nothing_comes_before_the_subscription() -> None:
    with pytest.raises(ValueError, match="comes before its subscription"):
        subscription(confirmed)
