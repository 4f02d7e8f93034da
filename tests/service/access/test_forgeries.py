"""What an access token of an external issuer must hold, and every classic forgery, which is turned away."""

import asyncio
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.authentication import Authentication, open_authentication
from service.access.identity import ISSUER, Identity, Unauthenticated
from service.access.issuer_tokens import MALFORMED, MISMATCH
from service.access.own_tokens import Tokens
from tests.service.access.issuer import (
    ALGORITHMS,
    Key,
    LocalIssuer,
    ec_key,
    ed_key,
    local_issuer,
    part,
    rsa_key,
    signed,
)

RSA, EC, ED = rsa_key("rsa"), ec_key("ec"), ed_key("ed")
KEYS: tuple[Key, ...] = (RSA, EC, ED)
BOUND = rsa_key("bound", alg="RS512")
STRANGER = rsa_key("rsa")
STRANGERS: dict[str, Key] = {"RSA": STRANGER, "EC": ec_key("ec"), "OKP": ed_key("ed")}
OWN = b"k" * 32


@pytest.fixture(scope="module")
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as issuer:
        issuer.keys = [BOUND, *KEYS]
        yield issuer


@pytest.fixture(scope="module")
def identify(issuer: LocalIssuer) -> Callable[[str], Identity]:
    return identifying(issuer)


def identifying(issuer: LocalIssuer, **settings: Any) -> Callable[[str], Identity]:
    """By the keys that the issuer has now."""

    async def fetched() -> Authentication:
        async with open_authentication(Tokens(OWN), [issuer.settings(**settings)]) as authentication:
            return authentication

    authentication = asyncio.run(fetched())
    return lambda token: authentication.identify(token, datetime.now(UTC))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kid)
def test_a_genuine_token(issuer: LocalIssuer, identify: Callable[[str], Identity], key: Key) -> None:
    identity = identify(issuer.token(key))
    assert identity.actor.person == (issuer.url, "ana")
    assert (identity.actor.authority, identity.actor.roles) == ("kfor", (Role.REVIEWER,))
    assert identity.name == "Ana H."


def test_every_algorithm_of_a_key(issuer: LocalIssuer, identify: Callable[[str], Identity]) -> None:
    for key, names in ((RSA, ("RS384", "RS512", "PS256", "PS384", "PS512")), (ED, ("Ed25519",)), (BOUND, ("RS512",))):
        for name in names:
            assert identify(signed(key, issuer.header(key, alg=name), issuer.claims(), name)).actor.subject == "ana"


def test_the_register_s_own_tokens_are_still_accepted(issuer: LocalIssuer, identify: Callable[[str], Identity]) -> None:
    now = datetime.now(UTC)
    actor = Actor(issuer=ISSUER, subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,))
    assert identify(Tokens(OWN).issue(actor, name=None, now=now, lifetime=timedelta(hours=1))).actor == actor
    turned_away(identify, signed(RSA, issuer.header(RSA), issuer.claims(iss=ISSUER)), "not one of this register's")


def unsigned(content: str) -> list[str]:
    return [f"{content}.", content, f"{content}.AA", f"{content}.{'A' * 86}"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kid)
def test_a_signature_that_is_stripped_cut_or_not_by_the_key(
    issuer: LocalIssuer, identify: Callable[[str], Identity], key: Key
) -> None:
    genuine = issuer.token(key)
    content, _, signature = genuine.rpartition(".")
    stranger = STRANGERS[key.key_type]
    changed = content.partition(".")[0] + "." + part(issuer.claims(groups=["clerks"]))
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    for forged in (
        *unsigned(content),
        f"{content}.{signature[:-4]}",
        f"{content}.{signature}AAAA",
        f"{content}.{flipped}",
        f"{changed}.{signature}",
        issuer.token(stranger),
    ):
        turned_away(identify, forged, MALFORMED if forged in (f"{content}.", content) else MISMATCH)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kid)
@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "RS1", "ES256K", None, 7, ["RS256"]]
)
def test_the_algorithm_is_one_of_the_key(
    issuer: LocalIssuer, identify: Callable[[str], Identity], key: Key, algorithm: object
) -> None:
    content = f"{part(issuer.header(key, alg=algorithm))}.{part(issuer.claims())}"
    expected = MISMATCH if isinstance(algorithm, str) else "'alg'"
    turned_away(identify, f"{content}.AAAA", expected)
    turned_away(identify, signed(key, issuer.header(key, alg=algorithm), issuer.claims()), expected)


def test_a_key_verifies_by_no_algorithm_but_those_stated_for_it(
    issuer: LocalIssuer, identify: Callable[[str], Identity]
) -> None:
    for name in ("RS256", "PS512", "EdDSA", "ES256"):
        key: Key = BOUND if name[0] in "RP" else RSA
        algorithm = name if name[0] in "RP" else None
        turned_away(identify, signed(key, issuer.header(key, alg=name), issuer.claims(), algorithm), MISMATCH)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kid)
def test_a_public_key_is_no_secret(issuer: LocalIssuer, identify: Callable[[str], Identity], key: Key) -> None:
    public = key.as_dict(private=False)
    secrets = [
        key.as_pem(private=False),
        key.as_pem(private=False).strip(),
        key.as_der(private=False),
        json.dumps(public).encode(),
        str(public.get("n", public.get("x"))).encode(),
    ]
    content = f"{part(issuer.header(key, alg='HS256'))}.{part(issuer.claims())}"
    for secret in secrets:
        turned_away(identify, f"{content}.{part(hmac.digest(secret, content.encode(), 'sha256'))}", MISMATCH)


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "", "RSA", "rsa\x00", "bound/../rsa", "x" * 2000])
def test_a_kid_is_only_looked_up(issuer: LocalIssuer, identify: Callable[[str], Identity], kid: str) -> None:
    turned_away(identify, signed(RSA, issuer.header(RSA, kid=kid), issuer.claims()), "'kid' names no key")


def test_a_token_without_a_kid_is_verified_by_the_only_key() -> None:
    """OpenID Connect Core 1.0, section 10.1."""
    with local_issuer() as alone:
        alone.keys = [RSA]
        identify = identifying(alone)
        header = {name: value for name, value in alone.header(RSA).items() if name != "kid"}
        assert identify(signed(RSA, header, alone.claims())).actor.subject == "ana"
        turned_away(identify, signed(STRANGER, header, alone.claims()), MISMATCH)


def test_a_token_without_a_kid_needs_one_beside_several_keys(
    issuer: LocalIssuer, identify: Callable[[str], Identity]
) -> None:
    header = {name: value for name, value in issuer.header(RSA).items() if name != "kid"}
    turned_away(identify, signed(RSA, header, issuer.claims()), "no 'kid', which it needs")


@pytest.mark.parametrize("kid", [None, 7, ["rsa"], {"rsa": 1}])
def test_a_kid_is_a_string(issuer: LocalIssuer, identify: Callable[[str], Identity], kid: object) -> None:
    turned_away(identify, signed(RSA, issuer.header(RSA, kid=kid), issuer.claims()), "'kid'")


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "jwk", "x5u", "x5c"])
def test_a_header_brings_no_key_and_no_extension(
    issuer: LocalIssuer, identify: Callable[[str], Identity], name: str
) -> None:
    embedded = STRANGER.as_dict(private=False)
    for value in (embedded, f"{issuer.url}/keys", ["exp"], [], None, True):
        for key in (RSA, STRANGER):
            turned_away(identify, signed(key, issuer.header(key, **{name: value}), issuer.claims()), f"'{name}'")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", None), ("iss", "https://elsewhere.example"), ("iss", 7), ("iss", ["mandate"]),
        ("aud", None), ("aud", "elsewhere"), ("aud", []), ("aud", ["elsewhere"]), ("aud", [["mandate"]]), ("aud", 7),
        ("azp", "elsewhere"), ("azp", 7), ("azp", ["console"]), ("client_id", "elsewhere"), ("client_id", []),
        ("exp", None), ("exp", 1), ("exp", "4000000000"), ("exp", 10**400), ("exp", True), ("exp", 4_000_000_000),
        ("iat", None), ("iat", "now"), ("iat", 4_000_000_000), ("nbf", 4_000_000_000), ("nbf", "now"), ("nbf", True),
        ("sub", None), ("sub", 7), ("name", 7), ("groups", "reviewers"), ("groups", {"reviewers": 1}), ("groups", [7]),
        ("groups", None), ("groups", []), ("groups", ["REVIEWERS"]), ("groups", ["reviewers "]),
    ],
)  # fmt: skip
def test_the_wrong_claim_is_named(
    issuer: LocalIssuer, identify: Callable[[str], Identity], claim: str, value: object
) -> None:
    turned_away(identify, issuer.token(RSA, **{claim: value}), f"'{claim}'")


@pytest.mark.parametrize("subject", ["", "a\nb", "a\x00b", "a\u202eb", "x" * 1000])
def test_a_subject_is_one_line(issuer: LocalIssuer, identify: Callable[[str], Identity], subject: str) -> None:
    turned_away(identify, issuer.token(RSA, sub=subject), "subject")


@pytest.mark.parametrize("kind", ["JWT", None, 7, "at+jwt2", "logout+jwt"])
def test_no_other_token_of_the_issuer_is_an_access_token(
    issuer: LocalIssuer, identify: Callable[[str], Identity], kind: object
) -> None:
    turned_away(identify, signed(RSA, issuer.header(RSA, typ=kind), issuer.claims()), "'typ'")


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_of_an_access_token(issuer: LocalIssuer, identify: Callable[[str], Identity], kind: str) -> None:
    assert identify(signed(RSA, issuer.header(RSA, typ=kind), issuer.claims())).actor.subject == "ana"


def test_an_issuer_that_states_no_type_is_accepted_if_the_operator_says_so(issuer: LocalIssuer) -> None:
    token = signed(RSA, issuer.header(RSA, typ="JWT"), issuer.claims())
    assert identifying(issuer, plain_jwt=True)(token).actor.subject == "ana"


def test_nothing_is_stated_twice(issuer: LocalIssuer, identify: Callable[[str], Identity]) -> None:
    header, claims = json.dumps(issuer.header(RSA)), json.dumps(issuer.claims())
    for name, value in (("sub", '"eve"'), ("exp", "4000000000"), ("groups", '["clerks"]'), ("iss", '"mandate"')):
        twice = f'{claims[:-1]}, "{name}": {value}}}'
        turned_away(identify, signed(RSA, header.encode(), twice.encode()), f"states '{name}' twice")
    turned_away(identify, signed(RSA, f'{header[:-1]}, "kid": "ec"}}'.encode(), claims.encode()), "states 'kid' twice")
    nested = f'{claims[:-1]}, "realm": {{"a": 1, "a": 2}}}}'
    turned_away(identify, signed(RSA, header.encode(), nested.encode()), "states 'a' twice")


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b.c", "....", "a.b.c.d.e", "é.é.é", f"{part({})}.{part([])}.AA", f"{part(b'[' * 4000)}.e30.AA",
     f"{part(b'{')}.e30.AA", f"{part(b'{}')}=.e30.AA", f" {part({})}.e30.AA", f"e30.{part(b'null')}.AA",
     f"{part('{}'.encode('utf-16'))}.e30.AA", "e30.e30.AA\n"],
)  # fmt: skip
def test_what_is_not_a_signed_token(identify: Callable[[str], Identity], text: str) -> None:
    turned_away(identify, text, MALFORMED)


def test_a_token_is_short(issuer: LocalIssuer, identify: Callable[[str], Identity]) -> None:
    turned_away(identify, issuer.token(RSA, padding="x" * 8192), "8,192")


def test_a_token_is_valid_for_no_longer_than_configured(issuer: LocalIssuer) -> None:
    turned_away(identifying(issuer, max_lifetime=599), issuer.token(RSA), "'exp'")
    assert identifying(issuer, max_lifetime=600)(issuer.token(RSA)).actor.subject == "ana"


def turned_away(identify: Callable[[str], Identity], token: str, message: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        identify(token)
    assert message in str(refused.value)
    assert ALGORITHMS.keys().isdisjoint(str(refused.value).split())
