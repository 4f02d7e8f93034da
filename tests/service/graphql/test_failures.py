"""How requests fail that may not be served: status, code, message and headers, in a well-formed body."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.access.identity import ISSUER
from tests.databases import Databases
from tests.service.access.issuer import LocalIssuer, ec_key, local_issuer, signed
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.waiting import until

VIEWER = "{ viewer { subject } }"
DEAR = "{ deploymentRequests(first: 100) { totalCount } }"
ADMIN, EVA, BEN = Person("admin", "kfor"), Person("eva", "kfor"), Person("ben", "kfor")
KEY = ec_key("key")


@dataclass(frozen=True)
class World:
    register: ApiClient
    issuer: LocalIssuer

    def ask(self, token: str | None, document: str = VIEWER, **headers: str) -> Any:
        given = {**({} if token is None else {"authorization": f"Bearer {token}"}), **headers}
        return self.register.client.post("/graphql", json={"query": document}, headers=given)


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[World]:
    with databases.fresh() as urls, local_issuer() as issuer:
        issuer.keys = [KEY]
        settings = issuer.settings(authority_claim="authority", cool_down=0.05)
        with served(urls, follow=False, issuers=[settings], cost_per_minute=20_000) as register:
            yield World(register, issuer)


def forged(world: World) -> str:
    return signed(ec_key("key"), world.issuer.header(KEY), world.issuer.claims())


def blocked(world: World) -> Any:
    person = f'{{issuer: "{ISSUER}", subject: "eva", reason: "EXERCISE"}}'
    for mutation in ('registerAuthority(input: {code: "kfor", name: "KFOR"})', f"blockPerson(input: {person})"):
        world.ask(world.register.token(ADMIN), f"mutation {{ {mutation} {{ __typename }} }}")
    token = world.register.token(EVA)
    until(lambda: world.ask(token).status_code != 200)
    return world.ask(token)


def spent(world: World) -> Any:
    token = world.register.token(BEN)
    until(lambda: world.ask(token, DEAR).status_code != 200)
    return world.ask(token, DEAR)


def of_an_absent_issuer(world: World) -> Any:
    world.issuer.dropped = True
    try:
        return world.ask(world.issuer.token(ec_key("new")))
    finally:
        world.issuer.dropped = False


@dataclass(frozen=True)
class Failure:
    """said: part of the message. headers: that the response has."""

    name: str
    request: Callable[[World], Any]
    status: int
    code: str
    said: str
    headers: tuple[str, ...] = field(default=())


ASKING = ("www-authenticate",)
WAITING = ("retry-after",)
FAILURES = [
    Failure("no token", lambda w: w.ask(None), 401, "UNAUTHENTICATED", "Send a token", ASKING),
    Failure("audience", lambda w: w.ask(w.issuer.token(aud="x")), 401, "UNAUTHENTICATED", "'aud'", ASKING),
    Failure("expired", lambda w: w.ask(w.issuer.token(exp=1)), 401, "UNAUTHENTICATED", "'exp'", ASKING),
    Failure("unknown issuer", lambda w: w.ask(w.issuer.token(iss="x")), 401, "UNAUTHENTICATED", "'iss'", ASKING),
    Failure("signature", lambda w: w.ask(forged(w)), 401, "UNAUTHENTICATED", "signature is not valid.", ASKING),
    Failure(
        "an issuer that does not speak for the authority",
        lambda w: w.ask(w.issuer.token(authority="upland")),
        401,
        "UNAUTHENTICATED",
        "The token's 'authority' is none that its issuer may speak for.",
        ASKING,
    ),
    Failure("blocked", blocked, 403, "BLOCKED", "You are blocked"),
    Failure(
        "a foreign page",
        lambda w: w.ask(w.register.token(ADMIN), origin="https://elsewhere.example"),
        403,
        "FORBIDDEN_ORIGIN",
        "origin",
    ),
    Failure("over the budget", spent, 429, "TOO_MANY_REQUESTS", "budget", WAITING),
    Failure("an issuer that is away", of_an_absent_issuer, 503, "UNAVAILABLE", "cannot be fetched", WAITING),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: each.name)
def test_a_request_that_is_not_served(world: World, failure: Failure) -> None:
    response = failure.request(world)
    body = response.json()
    assert (response.status_code, body.keys()) == (failure.status, {"errors"})
    assert response.headers["content-type"].startswith("application/json")
    (error,) = body["errors"]
    assert error["extensions"]["code"] == failure.code
    assert failure.said in error["message"]
    assert {"www-authenticate", "retry-after"} & response.headers.keys() == {*failure.headers}
