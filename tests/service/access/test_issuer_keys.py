"""Keys are fetched seldom, within bounds, and never forgotten because the issuer does not answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from service.access import issuer_keys
from service.access.authentication import Authentication, authenticated, open_authentication
from service.access.identity import Identity, Unauthenticated
from service.access.issuer_keys import MOST_WAITING, IssuerKeys
from service.access.key_fetcher import LONGEST_ANSWER
from service.access.key_sets import MOST_KEYS, parse_key_set
from service.errors import Unavailable
from tests import waiting
from tests.service.access.issuer import LocalIssuer, ec_key, ed_key, local_issuer, rsa_key

pytestmark = pytest.mark.anyio

OLD, NEW = ec_key("old"), ec_key("new")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as issuer:
        issuer.keys = [OLD]
        yield issuer


@asynccontextmanager
async def opened(issuer: LocalIssuer, **settings: Any) -> AsyncIterator[tuple[Authentication, IssuerKeys]]:
    async with open_authentication(None, [issuer.settings(**settings)]) as authentication:
        yield authentication, authentication.issuers[issuer.url]


def identifying(authentication: Authentication) -> Callable[[str], Identity]:
    return lambda token: authentication.identify(token, datetime.now(UTC))


async def until(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(waiting.until, holds)


async def test_a_new_key_is_fetched_when_it_is_first_used(issuer: LocalIssuer) -> None:
    async with opened(issuer) as (authentication, _):
        issuer.keys.append(NEW)
        identity = await authenticated(identifying(authentication), issuer.token(NEW))
        assert identity.actor.person == (issuer.url, "ana")


async def test_an_accepted_token_of_a_key_that_is_withdrawn_is_turned_away(issuer: LocalIssuer) -> None:
    async with opened(issuer) as (authentication, keys):
        token = issuer.token(OLD)
        identifying(authentication)(token)
        issuer.keys = [NEW]
        await keys.refresh()
        with pytest.raises(Unauthenticated, match="'kid'"):
            await authenticated(identifying(authentication), token)


async def test_unknown_keys_cause_one_fetch_in_each_cool_down(issuer: LocalIssuer) -> None:
    cool_down = 0.3
    async with opened(issuer, cool_down=cool_down) as (authentication, _):
        before = len(issuer.fetches)
        tokens = [issuer.token(ec_key(f"stranger{number}")) for number in range(20)]

        async def flood(token: str) -> None:
            for _ in range(3):
                with pytest.raises(Unauthenticated, match="'kid'"):
                    await authenticated(identifying(authentication), token)

        await asyncio.gather(*(flood(token) for token in tokens))
        fetches = issuer.fetches[before:]
    assert 3 <= len(fetches) <= 6
    # The issuer sees a request somewhat later than it was sent.
    assert all(later - earlier > cool_down / 2 for earlier, later in pairwise(fetches))


async def test_a_new_key_is_found_amid_a_flood_of_unknown_ones(issuer: LocalIssuer) -> None:
    async with opened(issuer, cool_down=0.3) as (authentication, _):
        identify = identifying(authentication)
        with pytest.raises(Unauthenticated):
            await authenticated(identify, issuer.token(ec_key("stranger")))
        issuer.keys.append(NEW)
        assert (await authenticated(identify, issuer.token(NEW))).actor.subject == "ana"


async def test_few_requests_wait_for_a_fetch(issuer: LocalIssuer) -> None:
    async with opened(issuer, cool_down=3600) as (_, keys):
        assert await keys.fetch_on_demand()
        waiters = [asyncio.create_task(keys.fetch_on_demand()) for _ in range(MOST_WAITING)]
        await until(lambda: keys._waiting == MOST_WAITING)
        assert not await keys.fetch_on_demand()
        for task in waiters:
            task.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
        assert keys._waiting == 0


async def test_a_request_that_goes_away_does_not_end_the_fetch_for_the_others(issuer: LocalIssuer) -> None:
    async with opened(issuer, cool_down=0.1) as (authentication, _):
        issuer.keys.append(NEW)
        issuer.release.clear()
        before = len(issuer.fetches)
        gone, stays = (
            asyncio.create_task(authenticated(identifying(authentication), issuer.token(NEW))) for _ in range(2)
        )
        await until(lambda: len(issuer.fetches) > before)
        gone.cancel()
        issuer.release.set()
        assert (await stays).actor.subject == "ana"


async def test_known_keys_stay_in_use_while_the_issuer_is_away(issuer: LocalIssuer) -> None:
    async with opened(issuer, refresh=0.05, cool_down=0.01) as (authentication, keys):
        assert authentication.warning() is None
        issuer.dropped = True
        await until(lambda: keys.failure)
        assert authentication.warning() == "the keys of 1 of 1 could not be fetched; the log says why"
        assert identifying(authentication)(issuer.token(OLD)).actor.subject == "ana"
        with pytest.raises(Unavailable):
            await authenticated(identifying(authentication), issuer.token(NEW))
        issuer.keys, issuer.dropped = [OLD, NEW], False
        await until(lambda: keys.failure is None)
        assert identifying(authentication)(issuer.token(NEW)).actor.subject == "ana"


async def test_an_issuer_that_is_away_at_the_start_is_asked_again(issuer: LocalIssuer) -> None:
    issuer.dropped = True
    async with opened(issuer, refresh=0.05, cool_down=0.01) as (authentication, keys):
        with pytest.raises(Unavailable):
            await authenticated(identifying(authentication), issuer.token())
        issuer.dropped = False
        await until(lambda: keys.known)
        assert identifying(authentication)(issuer.token()).actor.subject == "ana"


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        ((200, {}, b" " * (LONGEST_ANSWER + 1)), "more than 262,144 bytes"),
        ((200, {}, b"<html>"), "not a JSON Web Key Set"),
        ((200, {}, b"[" * 100_000), "not a JSON Web Key Set"),
        ((200, {}, key_set()), "no key"),
        ((200, {}, key_set(*({"kid": "x"},) * (MOST_KEYS + 1))), "at most 100"),
        ((302, {"Location": "/elsewhere"}, b""), "status 302"),
        ((503, {}, b""), "status 503"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_an_answer_out_of_bounds_changes_nothing(
    issuer: LocalIssuer, answer: tuple[int, dict[str, str], bytes], warning: str
) -> None:
    async with opened(issuer) as (authentication, keys):
        issuer.answer = answer
        await keys.refresh()
        assert warning in str(keys.failure)
        assert identifying(authentication)(issuer.token(OLD)).actor.subject == "ana"


async def test_an_issuer_that_is_slow_is_given_up(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(issuer) as (authentication, keys):
        monkeypatch.setattr(issuer_keys, "PATIENCE", 0.1)
        issuer.release.clear()
        await keys.refresh()
        assert "no complete answer within 0.1 s" in str(keys.failure)
        assert identifying(authentication)(issuer.token(OLD)).actor.subject == "ana"


@pytest.mark.parametrize(
    ("metadata", "warning"),
    [
        ({"issuer": "https://elsewhere.example"}, "another issuer"),
        ({"jwks_uri": None}, "no jwks_uri"),
        ({"jwks_uri": "http://192.0.2.1/keys"}, "https://"),
        ({"jwks_uri": "file:///etc/passwd"}, "URL"),
    ],
)
async def test_the_metadata_are_those_of_the_issuer(
    issuer: LocalIssuer, metadata: dict[str, Any], warning: str
) -> None:
    issuer.metadata |= metadata
    async with opened(issuer) as (_, keys):
        assert warning in str(keys.failure)
    async with opened(issuer, jwks_uri=f"{issuer.url}/keys") as (_, keys):
        assert keys.failure is None


def test_only_sound_keys_for_signatures_are_used() -> None:
    sound, private = ed_key("sound").as_dict(private=False), rsa_key("private").as_dict(private=True)
    members = {**ec_key("ec").as_dict(private=False)}
    found = parse_key_set(
        key_set(
            sound,
            private,
            {**members, "kid": "use", "use": "enc"},
            {**members, "kid": "operations", "key_ops": ["sign"]},
            {**members, "kid": "algorithm", "alg": "ES384"},
            {**members, "kid": "curve", "crv": "P-384"},
            {**members, "kid": "point", "x": members["y"], "y": members["x"]},
            {**members, "kid": ""},
            {**members, "kid": 7},
            rsa_key("short", 1024).as_dict(private=False),
            {"kty": "oct", "kid": "secret", "k": "AAAA"},
            {"kty": "OKP", "crv": "X25519", "kid": "exchange", "x": sound["x"]},
            {"kty": "OKP", "crv": "Ed25519", "kid": "cut", "x": "AAAA"},
            {**ed_key("x").as_dict(private=False), "kid": "sound"},
        )
    )
    assert found.keys() == {"sound", "private"}
    assert found["sound"].key.as_dict()["x"] == sound["x"], "the first of a kid holds"
    assert not found["private"].key.is_private
