"""A token that was accepted is not verified again for a minute, as long as its key and its time hold."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.known_tokens import KNOWN, MOST_KNOWN, KnownTokens
from service.identity import ISSUER, Tokens, Unauthenticated

KEY = b"k" * 32
NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
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


def test_few_tokens_are_known_at_once() -> None:
    tokens, known = Tokens(KEY), KnownTokens(Tokens(KEY).read)
    for number in range(MOST_KNOWN + 10):
        known.read(tokens.issue(ANA, name=str(number), now=NOW, lifetime=timedelta(hours=1)), NOW)
    assert 0 < len(known._known) <= MOST_KNOWN


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
