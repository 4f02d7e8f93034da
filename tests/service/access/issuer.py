"""An issuer of access tokens on this machine: its metadata and keys over HTTP, tokens signed by real keys."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, cast

from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from service.access.issuers import DISCOVERY, Grant, Issuer

Key = RSAKey | ECKey | OKPKey
ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}


def rsa_key(kid: str, bits: int = 2048, **members: Any) -> RSAKey:
    return RSAKey.generate_key(bits, cast(KeyParameters, {"kid": kid, "use": "sig", **members}), auto_kid=False)


def ec_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid}, auto_kid=False)


def ed_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid}, auto_kid=False)


def part(content: bytes | object) -> str:
    """A part of a token: bytes as they are, anything else as JSON."""
    given = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(given).rstrip(b"=").decode()


def signed(key: Key, header: bytes | object, claims: bytes | object, algorithm: str | None = None) -> str:
    """Signed by the key, whatever the header says."""
    content = f"{part(header)}.{part(claims)}"
    model = JWSRegistry.algorithms[{"EdDSA": "Ed25519"}.get(name := algorithm or ALGORITHMS[key.key_type], name)]
    return f"{content}.{part(model.sign(content.encode(), key))}"


class LocalIssuer:
    """keys: those that it publishes. answer: sent in place of the keys, if set. fetches: when keys were asked for.

    release: answers wait for it. dropped: connections are closed without an answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[Key] = []
        self.answer: tuple[int, Mapping[str, str], bytes] | None = None
        self.metadata: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        self.fetches: list[float] = []
        self.release = threading.Event()
        self.release.set()
        self.dropped = False

    def settings(self, **other: Any) -> Issuer:
        """As an operator configures it: 'reviewers' review for kfor, 'clerks' administer it."""
        given: dict[str, Any] = {
            "issuer": self.url,
            "audience": "mandate",
            "clients": ("console",),
            "authorities": ("kfor", "pristina"),
            "grants": (
                Grant.model_validate({"group": "reviewers", "authority": "kfor", "roles": ["REVIEWER"]}),
                Grant.model_validate({"group": "clerks", "authority": "kfor", "roles": ["ADMINISTRATOR", "OBSERVER"]}),
            ),
        }
        return Issuer.model_validate({**given, **other})

    def claims(self, **other: Any) -> dict[str, Any]:
        """Valid claims. None removes a claim."""
        now = int(datetime.now(UTC).timestamp())
        given = {
            "iss": self.url,
            "sub": "ana",
            "aud": "mandate",
            "azp": "console",
            "client_id": "console",
            "groups": ["reviewers"],
            "name": "Ana H.",
            "iat": now,
            "exp": now + 600,
            **other,
        }
        return {name: value for name, value in given.items() if value is not None}

    def header(self, key: Key, **other: Any) -> dict[str, Any]:
        return {"typ": "at+jwt", "alg": ALGORITHMS[key.key_type], "kid": key.kid, **other}

    def token(self, key: Key | None = None, **claims: Any) -> str:
        """A valid token, by the newest key unless another is named."""
        signer = key or self.keys[-1]
        return signed(signer, self.header(signer), self.claims(**claims))

    def respond(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        if path == DISCOVERY:
            return 200, {}, json.dumps(self.metadata).encode()
        self.fetches.append(monotonic())
        keys = {"keys": [key.as_dict(private=False) for key in self.keys]}
        self.release.wait(30)
        return self.answer or (200, {}, json.dumps(keys).encode())


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if issuer.dropped:
                self.close_connection = True
                return
            status, headers, body = issuer.respond(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    issuer = LocalIssuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, name="issuer")
    thread.start()
    try:
        yield issuer
    finally:
        issuer.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
