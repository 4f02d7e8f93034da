"""A token that was accepted is not verified again for a minute, as long as its key and its time hold."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER, Identity, Unauthenticated
from service.access.known_tokens import KNOWN, MAX_BYTES, KnownTokens
from service.access.own_tokens import Tokens

KEY = b"k" * 32
NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
IDENTITY = Identity(
    actor=Actor(issuer=ISSUER, subject=Subject("ben"), authority=AuthorityCode("kfor"), roles=()),
    name=None,
    expires_at=NOW + timedelta(hours=1),
)
ANA = Actor(issuer=ISSUER, subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,))


def test_an_accepted_token_is_known_for_a_minute_and_never_longer_than_it_is_valid() -> None:
    tokens, known = Tokens(KEY), KnownTokens(Tokens(KEY).read)
    token = tokens.issue(ANA, name=None, now=NOW, lifetime=timedelta(seconds=90))
    first = known.read(token, NOW)
    assert known.read(token, NOW + KNOWN - timedelta(seconds=1)) is first
    again = known.read(token, NOW + KNOWN)
    assert again == first
    assert again is not first
    with pytest.raises(Unauthenticated, match="expired"):
        known.read(token, NOW + timedelta(seconds=90))


def test_a_known_token_is_verified_again_when_the_clock_is_set_back() -> None:
    tokens, known = Tokens(KEY), KnownTokens(Tokens(KEY).read)
    token = tokens.issue(ANA, name=None, now=NOW, lifetime=timedelta(hours=1))
    known.read(token, NOW)
    with pytest.raises(Unauthenticated, match="not valid yet"):
        known.read(token, NOW - timedelta(hours=1))


@pytest.mark.parametrize(("length", "number"), [(4, 2_200), (100_000, 30)])
def test_known_tokens_are_bounded_by_bytes(length: int, number: int) -> None:
    """As many short ones as there are, and few of those that are long."""
    known = KnownTokens(lambda token, now: IDENTITY)
    for each in range(number):
        known.read(f"{each:0{length}}", NOW)
    assert 0 < len(known._known) < number
    assert known._known.size <= MAX_BYTES
    texts = sum(len(token) for token in known._known._entries)
    assert texts <= MAX_BYTES
    assert known.read(f"{number - 1:0{length}}", NOW) is IDENTITY


def test_nothing_is_known_after_the_keys_have_changed() -> None:
    tokens = [Tokens(KEY)]
    known = KnownTokens(lambda token, now: tokens[0].read(token, now))
    token = Tokens(KEY).issue(ANA, name=None, now=NOW, lifetime=timedelta(hours=1))
    known.read(token, NOW)
    tokens[0] = Tokens(b"x" * 32)
    known.read(token, NOW)
    known.forget()
    with pytest.raises(Unauthenticated):
        known.read(token, NOW)
