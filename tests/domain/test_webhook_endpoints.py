"""Administrators register, change, disable and enable the webhook endpoints of their authority."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.catalogue import own_audience
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Label, Role
from domain.webhook_endpoint.events import (
    WebhookEndpointChanged,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookKeyRotated,
)
from domain.webhook_endpoint.lifecycle import (
    ChangeWebhookEndpoint,
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RegisterWebhookEndpoint,
    RotateWebhookKey,
)
from domain.webhook_endpoint.state import ISSUER, MOST_REPLACED, OVERLAP, EndpointStatus, WebhookEndpoint
from tests.domain.case import DAY, KFOR, PRISTINA, REGISTERED, WHY, admin, person
from tests.specification import NOW, Past, given

TERMS: dict[str, Any] = {
    "name": Label("Situation room"),
    "url": "https://receiver.example/mandate",
    "roles": (Role.OBSERVER,),
    "types": ("RequestApproved",),
}
REGISTER = RegisterWebhookEndpoint(**TERMS)
CHANGE = ChangeWebhookEndpoint(**{**TERMS, "types": ()}, reason=WHY)
DISABLE, ENABLE, ROTATE = (
    kind(reason=WHY) for kind in (DisableWebhookEndpoint, EnableWebhookEndpoint, RotateWebhookKey)
)
registered = Past(event=WebhookEndpointRegistered(authority=KFOR, **TERMS), by=admin)
disabled = Past(event=WebhookEndpointDisabled(authority=KFOR, reason=WHY), by=admin)
enabled = Past(event=WebhookEndpointEnabled(authority=KFOR, reason=WHY), by=admin)
rotated = Past(event=WebhookKeyRotated(authority=KFOR, reason=WHY), by=admin)
auditing_admin = person("auditing", KFOR, Role.ADMINISTRATOR, Role.AUDITOR)
ALL = (CHANGE, DISABLE, ENABLE, ROTATE)


def endpoint(*past: Past) -> WebhookEndpoint:
    state = given(*REGISTERED, *past).register.states[registered.stream]
    assert isinstance(state, WebhookEndpoint)
    return state


def test_an_endpoint_reads_as_somebody_of_its_authority() -> None:
    given(*REGISTERED).when(REGISTER, by=admin).then(registered.event)
    state = endpoint(registered)
    assert state.viewer == Actor(issuer=ISSUER, subject=state.viewer.subject, authority=KFOR, roles=(Role.OBSERVER,))
    assert (state.wants("RequestApproved"), state.wants("RequestDenied")) == (True, False)
    assert not endpoint(registered, disabled).wants("RequestApproved")
    assert own_audience(registered.event) == state.audience == {"auditors", "authority:kfor"}


def test_its_state_is_what_was_recorded() -> None:
    terms = {**TERMS, "url": "https://other.example/mandate", "document": Label("incident")}
    changed = Past(event=WebhookEndpointChanged(authority=KFOR, reason=WHY, **terms), by=admin, at=NOW - 4 * DAY)
    off, on = replace(disabled, at=NOW - 3 * DAY), replace(enabled, at=NOW - 2 * DAY)
    first = replace(registered, at=NOW - 5 * DAY)
    expected = WebhookEndpoint(
        id=registered.stream,
        version=2,
        authority=KFOR,
        **terms,
        status=EndpointStatus.ENABLED,
        status_since=NOW - 5 * DAY,
        registered_at=NOW - 5 * DAY,
        registered_by=admin,
    )
    assert endpoint(first, changed) == expected
    is_off = replace(expected, version=3, status=EndpointStatus.DISABLED, status_since=NOW - 3 * DAY, reason=WHY)
    assert endpoint(first, changed, off) == is_off
    is_on = replace(is_off, version=4, status=EndpointStatus.ENABLED, status_since=NOW - 2 * DAY)
    assert endpoint(first, changed, off, on) == is_on


def test_all_of_its_terms_are_replaced() -> None:
    changed = WebhookEndpointChanged(authority=KFOR, **{**TERMS, "types": ()}, reason=WHY)
    given(*REGISTERED, registered).when(CHANGE, by=admin).then(changed)
    assert endpoint(registered, Past(event=changed, by=admin)).wants("RequestDenied")
    same = ChangeWebhookEndpoint(**TERMS, reason=WHY)
    given(*REGISTERED, registered).when(same, by=admin).refused(InvalidInput, "its terms already", at=("url",))


def test_it_is_disabled_and_enabled() -> None:
    given(*REGISTERED, registered).when(DISABLE, by=admin).then(disabled.event)
    enabled = WebhookEndpointEnabled(authority=KFOR, reason=WHY)
    given(*REGISTERED, registered, disabled).when(ENABLE, by=admin).then(enabled)
    given(*REGISTERED, registered, disabled).when(DISABLE, by=admin).refused(TransitionRefused, "to be enabled")
    given(*REGISTERED, registered).when(ENABLE, by=admin).refused(TransitionRefused, "to be disabled")
    assert endpoint(registered, disabled, Past(event=enabled, by=admin)).is_enabled


def test_the_register_disables_one_that_is_gone() -> None:
    given(*REGISTERED, registered).when(DISABLE, by=SYSTEM).then(disabled.event)


def test_a_replaced_key_signs_for_a_day() -> None:
    given(*REGISTERED, registered).when(ROTATE, by=admin).then(rotated.event)
    state = endpoint(registered, replace(rotated, at=NOW))
    assert endpoint(registered).generations(NOW) == (1,)
    assert state.generations(NOW) == state.generations(NOW + OVERLAP - timedelta(seconds=1)) == (2, 1)
    assert state.generations(NOW + OVERLAP) == (2,)


def test_another_rotation_within_the_day_takes_no_key_from_a_receiver() -> None:
    hour = timedelta(hours=1)
    state = endpoint(registered, *(replace(rotated, at=NOW + n * hour) for n in range(3)))
    assert state.generations(NOW + 3 * hour) == (4, 3, 2, 1)
    assert state.generations(NOW + OVERLAP) == (4, 3, 2)
    assert state.generations(NOW + OVERLAP + 2 * hour) == (4,)
    many = endpoint(registered, *(replace(rotated, at=NOW) for _ in range(MOST_REPLACED + 3)))
    assert many.generations(NOW) == (9, 8, 7, 6, 5, 4)


@pytest.mark.parametrize("command", [REGISTER, *ALL])
def test_only_administrators_do_this(command: Any) -> None:
    past = (*REGISTERED, *(() if command is REGISTER else (registered,)))
    for role in set(Role) - {Role.ADMINISTRATOR}:
        given(*past).when(command, by=person("x", KFOR, role)).refused(NotPermitted, "administrator")


def test_only_registered_authorities_have_endpoints() -> None:
    stranger = person("x", AuthorityCode("elsewhere"), Role.ADMINISTRATOR)
    given(*REGISTERED).when(REGISTER, by=stranger).refused(NotPermitted, "not registered")


@pytest.mark.parametrize("command", ALL)
def test_another_authority_does_not_learn_of_an_endpoint(command: Any) -> None:
    other = person("other", PRISTINA, Role.ADMINISTRATOR)
    given(*REGISTERED, registered).when(command, by=other).refused(NotFound, "nothing with this id")


def test_an_endpoint_reads_no_more_than_whoever_sets_its_address() -> None:
    """Also when another administrator moves the endpoint of an auditor to an address of their own."""
    terms = {**TERMS, "roles": (Role.AUDITOR,)}
    auditing = RegisterWebhookEndpoint(**terms)
    refused = (InvalidInput, "who is an auditor")
    given(*REGISTERED).when(auditing, by=admin).refused(*refused, at=("roles",))
    event = WebhookEndpointRegistered(authority=KFOR, **terms)
    given(*REGISTERED).when(auditing, by=auditing_admin).then(event)
    moved = ChangeWebhookEndpoint(**{**terms, "url": "https://elsewhere.example/"}, reason=WHY)
    past = Past(event=event, by=auditing_admin)
    given(*REGISTERED, past).when(moved, by=admin).refused(*refused, at=("roles",))


@pytest.mark.parametrize(
    ("url", "is_valid"),
    [
        ("https://receiver.example", True),
        ("https://receiver.example:8443/a/b?c=d&e=%20", True),
        ("HTTP://10.0.0.1/", True),
        ("https://[2001:db8::1]:8443/x", True),
        (f"https://{'a' * 63}.example/", True),
        ("https://xn--r8jz45g.example", True),
        (f"https://{'a' * 64}.example/", False),
        (f"https://{'a.' * 126}example", False),
        ("https://receiver..example/", False),
        ("https://receiver-.example/", False),
        ("https://[1:2]/", False),
        ("https://[::1%25eth0]/", False),
        ("ftp://receiver.example/", False),
        ("https://user:secret@receiver.example/", False),
        ("https://receiver.example/#fragment", False),
        ("https://receiver.example/a b", False),
        ("https://receiver.example/\x00", False),
        ("https://receiver.example/\r\nX: y", False),
        ("https://r\u00e9ceiver.example/", False),
        ("https://", False),
        ("https://receiver.example:0/", False),
        ("https://receiver.example:65536/", False),
        ("receiver.example", False),
        (f"https://receiver.example/{'a' * 2000}", False),
    ],
)
def test_an_address_is_plain(url: str, is_valid: bool) -> None:
    command = replace(REGISTER, url=url)
    if is_valid:
        given(*REGISTERED).when(command, by=admin).then(replace(registered.event, url=url))
    else:
        given(*REGISTERED).when(command, by=admin).refused(InvalidInput, "http or https address", at=("url",))


def test_what_is_malformed_is_named() -> None:
    for change, message, path in (
        ({"roles": ()}, "Name a role", "roles"),
        ({"types": ("RequestApproved", "Nothing")}, "No message has the type 'Nothing'", "types.1"),
        ({"types": ("RequestApproved", "RequestApproved")}, "is listed already", "types.1"),
        ({"name": Label("two\nlines")}, "single line", "name"),
    ):
        given(*REGISTERED).when(replace(REGISTER, **change), by=admin).refused(InvalidInput, message, at=(path,))


def test_what_can_be_done_follows_from_the_table() -> None:
    register = given(*REGISTERED, registered).register
    assert register.available(admin, registered.stream) == ("CHANGE", "DISABLE", "ROTATE_KEY")
    assert register.available(person("x", KFOR, Role.REVIEWER), registered.stream) == ()
    outlooks = register.explain(person("x", KFOR, Role.REVIEWER), registered.stream)
    assert {action: (each.possible, each.available) for action, each in outlooks.items()} == dict.fromkeys(
        ("CHANGE", "DISABLE", "ROTATE_KEY"), (True, False)
    )


def test_nothing_comes_before_its_registration() -> None:
    with pytest.raises(ValueError, match="comes before its registration"):
        endpoint(disabled)
