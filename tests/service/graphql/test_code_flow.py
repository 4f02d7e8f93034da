"""Sign-in at an identity provider with the authorization code flow (RFC 6749, OpenID Connect Core 1.0)."""

import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest

from service.access.issuers import Grant, Issuer
from service.settings import DatabaseUrls
from tests.service.graphql.api_client import served

CLIENT = "mandate"
CALLBACK = "http://127.0.0.1/signed-in"
VIEWER = "{ viewer { subject authority roles } }"


@pytest.fixture
def provider() -> Iterator[httpx.Client]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with (
        oidc_provider_mock.run_server_in_thread() as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client,
    ):
        yield client


def sign_in(provider: httpx.Client, subject: str, client: str = CLIENT) -> str:
    """The ID token that a client of the provider receives for a person, with PKCE (RFC 7636)."""
    state, verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": state,
        "nonce": secrets.token_urlsafe(),
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    consented = provider.post("/oauth2/authorize", params=asked, data={"sub": subject})
    answered = parse_qs(urlsplit(consented.headers["location"]).query)
    assert answered["state"] == [state]
    wanted = {
        "grant_type": "authorization_code",
        "code": answered["code"][0],
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
    }
    given = provider.post("/oauth2/token", data=wanted, auth=(client, "secret"))
    assert given.status_code == 200, given.text
    return str(given.json()["id_token"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_person_who_signs_in_at_their_provider_acts_by_their_groups(
    provider: httpx.Client, database_urls: DatabaseUrls
) -> None:
    url = str(provider.base_url)
    provider.put("/users/ana", json={"name": "Ana H.", "groups": ["reviewers"]})
    provider.put("/users/guest", json={"name": "Guest", "groups": []})
    issuer = Issuer(
        issuer=url,
        audience=CLIENT,
        clients=(CLIENT,),
        authorities=("kfor",),
        grants=(Grant.model_validate({"group": "reviewers", "authority": "kfor", "roles": ["REVIEWER"]}),),
        plain_jwt=True,
    )
    with served(database_urls, follow=False, issuers=[issuer]) as register:

        def ask(token: str) -> httpx.Response:
            headers = {"authorization": f"Bearer {token}"}
            return register.client.post("/graphql", json={"query": VIEWER}, headers=headers)

        answer = ask(sign_in(provider, "ana"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["viewer"] == {
            "subject": "ana",
            "authority": "kfor",
            "roles": ["REVIEWER"],
        }
        for token, reason in (
            (sign_in(provider, "guest"), "'groups' grant no role"),
            (sign_in(provider, "ana", client="elsewhere"), "'aud' is not 'mandate'"),
            (sign_in(provider, "ana")[:-4] + "AAAA", "signature is not valid"),
        ):
            refused = ask(token)
            assert refused.status_code == 401
            assert reason in refused.json()["errors"][0]["message"]
