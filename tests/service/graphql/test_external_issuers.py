"""Persons of an external issuer, over HTTP and WebSocket."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from service.settings import DatabaseUrls
from tests.service.access.issuer import LocalIssuer, ec_key, local_issuer
from tests.service.graphql.api_client import Answer, ApiClient, served
from tests.service.graphql.subscriptions.client import socket
from tests.waiting import until

VIEWER = "{ viewer { subject authority roles } }"
REGISTER_KFOR = """mutation { registerAuthority(input: {code: "kfor", name: "KFOR"}) {
    __typename ... on AuthorityRecorded { authority { code } events { actor { subject name } } } } }"""


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as issuer:
        issuer.keys = [ec_key("first")]
        yield issuer


@pytest.fixture
def register(database_urls: DatabaseUrls, issuer: LocalIssuer) -> Iterator[ApiClient]:
    settings = issuer.settings(authority_claim="authority", cool_down=0.05)
    with served(database_urls, follow=False, issuers=[settings]) as register:
        yield register


def ask(register: ApiClient, token: str, document: str = VIEWER) -> tuple[int, Answer]:
    answer = register.client.post("/graphql", json={"query": document}, headers={"authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def test_a_person_acts_by_the_groups_of_their_token(register: ApiClient, issuer: LocalIssuer) -> None:
    status, answer = ask(register, issuer.token())
    assert (status, answer["data"]["viewer"]) == (200, {"subject": "ana", "authority": "kfor", "roles": ["REVIEWER"]})
    status, answer = ask(register, issuer.token(sub="clerk", groups=["clerks"]), REGISTER_KFOR)
    assert (status, answer["data"]["registerAuthority"]["__typename"]) == (200, "AuthorityRecorded"), answer


@pytest.mark.parametrize(
    ("claims", "named"),
    [({"aud": "elsewhere"}, "'aud'"), ({"exp": 1}, "'exp'"), ({"authority": "upland"}, "'authority'")],
)
def test_a_token_that_is_not_accepted_is_401(
    register: ApiClient, issuer: LocalIssuer, claims: dict[str, Any], named: str
) -> None:
    token = issuer.token(**claims)
    status, answer = ask(register, token)
    assert status == 401
    assert named in answer["errors"][0]["message"]
    with socket(register) as refused:
        refused.send("connection_init", payload={"Authorization": f"Bearer {token}"})
        code, reason = refused.closed()
    assert code == 4403
    assert named in reason


def test_a_web_socket_of_a_person_whose_key_is_new(register: ApiClient, issuer: LocalIssuer) -> None:
    issuer.keys.append(ec_key("second"))
    with socket(register, greeted=issuer.token()) as greeted:
        greeted.subscribe("1", VIEWER)
        assert greeted.data("1")["viewer"]["subject"] == "ana"


def test_no_valid_token_is_turned_away_while_keys_rotate(register: ApiClient, issuer: LocalIssuer) -> None:
    """Each new key signs as soon as it is published; the one before it stays published."""
    stop = threading.Event()
    answers: list[list[int]] = [[] for _ in range(4)]

    def load(statuses: list[int]) -> None:
        while not stop.is_set():
            statuses.append(ask(register, issuer.token())[0])

    threads = [threading.Thread(target=load, args=(each,)) for each in answers]
    for thread in threads:
        thread.start()
    try:
        for number in range(8):
            before = [len(each) for each in answers]
            issuer.keys = [*issuer.keys[-1:], ec_key(f"rotated{number}")]
            until(lambda before=before: all(len(each) > at + 2 for each, at in zip(answers, before, strict=True)))  # type: ignore[misc]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for each in answers for status in each} == {200}


def test_an_issuer_that_does_not_answer_is_a_warning(database_urls: DatabaseUrls, issuer: LocalIssuer) -> None:
    """Health needs no token, so it does not name the issuer."""
    with served(database_urls, follow=False, issuers=[issuer.settings(refresh=0.05, cool_down=0.05)]) as register:
        issuer.dropped = True
        until(lambda: "issuers" in register.client.get("/health/ready").json()["warnings"])
        assert issuer.url not in register.client.get("/health/ready").text
        assert ask(register, issuer.token())[0] == 200
        unknown = issuer.token(ec_key("unknown"))
        response = register.client.post(
            "/graphql", json={"query": VIEWER}, headers={"authorization": f"Bearer {unknown}"}
        )
        assert (response.status_code, response.headers["retry-after"]) == (503, "30")
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        with socket(register) as refused:
            refused.send("connection_init", payload={"Authorization": f"Bearer {unknown}"})
            assert refused.closed()[0] == 1013
