"""Tokens: what one must hold, and which are turned away."""

import hmac
import json
import os
import re
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from typer.testing import CliRunner

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER, Unauthenticated
from service.access.key_files import own_key, previous_key, read_key
from service.access.own_tokens import Tokens
from service.cli import application
from service.errors import Misconfigured

KEY = b"k" * 32
NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
ANA = Actor(issuer=ISSUER, subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,))
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "ana",
    "authority": "kfor",
    "roles": ["REVIEWER"],
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(hours=1)).timestamp()),
}


def signed(claims: dict[str, Any], key: bytes = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(key), algorithms=[algorithm])


def part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_an_issued_token_is_accepted() -> None:
    tokens = Tokens(KEY)
    identity = tokens.read(tokens.issue(ANA, name="Ana H.", now=NOW, lifetime=timedelta(hours=8)), NOW)
    assert identity.actor == ANA
    assert identity.name == "Ana H."
    assert identity.expires_at == NOW + timedelta(hours=8)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not a token",
        "a.b.c",
        signed(CLAIMS, key=b"x" * 32),
        signed(CLAIMS, algorithm="HS512"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ.",
        signed({**CLAIMS, "exp": int(NOW.timestamp())}),
        signed({k: v for k, v in CLAIMS.items() if k != "exp"}),
        signed({**CLAIMS, "exp": "soon"}),
        signed({**CLAIMS, "exp": 1e300}),
        signed({**CLAIMS, "exp": 10**400}),
        signed({**CLAIMS, "iss": "elsewhere"}),
        signed({**CLAIMS, "authority": "register"}),
        signed({**CLAIMS, "authority": "KFOR!"}),
        signed({**CLAIMS, "authority": None}),
        signed({**CLAIMS, "sub": ""}),
        signed({**CLAIMS, "sub": "a\x00b"}),
        signed({**CLAIMS, "sub": "a\nb"}),
        signed({**CLAIMS, "name": "a\u202eb"}),
        signed({**CLAIMS, "roles": []}),
        signed({**CLAIMS, "roles": ["KING"]}),
        signed({**CLAIMS, "roles": [["REVIEWER"]]}),
        signed({**CLAIMS, "roles": "REVIEWER"}),
        signed({**CLAIMS, "name": 7}),
        signed({**CLAIMS, "nbf": 4_000_000_000}),
        signed({**CLAIMS, "nbf": "now"}),
        signed({**CLAIMS, "name": "Ana\x1b[31m"}),
        f"{part({'alg': 'HS256'})}.{urlsafe_b64encode(b'[' * 4000).decode().rstrip('=')}.AA",
        f"{urlsafe_b64encode(b'[' * 4000).decode().rstrip('=')}.{part(CLAIMS)}.AA",
        *(f"{part({'alg': 'HS256', 'crit': critical})}.{part(CLAIMS)}.AA" for critical in (1, None, [[1]], ["exp"])),
    ],
)
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY).read(token, NOW)


def by_hand(header: object, claims: object, signed_over: bytes | None = None) -> str:
    """Signed by our key, whatever it says."""
    said = f"{part(header)}.{part(claims)}"
    signature = hmac.digest(KEY, signed_over or said.encode(), "sha256")
    return f"{said}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("value", ["1733054400", "soon", None, True, [], 1e300, 10**400])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_an_instant_is_a_number(claim: str, value: object) -> None:
    with pytest.raises(Unauthenticated, match=f"'{claim}'"):
        Tokens(KEY).read(by_hand({"alg": "HS256"}, {**CLAIMS, claim: value}), NOW)


@pytest.mark.parametrize("claim", ["iss", "sub", "authority", "roles", "iat", "exp"])
def test_missing_claims_are_named(claim: str) -> None:
    with pytest.raises(Unauthenticated, match=f"'{claim}'"):
        Tokens(KEY).read(signed({name: value for name, value in CLAIMS.items() if name != claim}), NOW)


@pytest.mark.parametrize("audience", ["elsewhere", [], ["elsewhere", "mandate2"], None, 7, [["mandate"]]])
def test_a_token_for_another_audience_is_refused(audience: object) -> None:
    with pytest.raises(Unauthenticated, match="'aud'"):
        Tokens(KEY).read(by_hand({"alg": "HS256"}, {**CLAIMS, "aud": audience}), NOW)


@pytest.mark.parametrize("audience", ["mandate", ["elsewhere", "mandate"]])
def test_a_token_for_this_audience_is_accepted(audience: object) -> None:
    assert Tokens(KEY).read(signed({**CLAIMS, "aud": audience}), NOW).actor == ANA


@pytest.mark.parametrize("extra", [{"crit": []}, {"b64": False}, {"b64": True}, {"b64": False, "crit": ["b64"]}])
def test_critical_header_extensions_are_refused(extra: dict[str, Any]) -> None:
    header, unencoded = {"alg": "HS256", **extra}, json.dumps(CLAIMS).encode()
    for token in (by_hand(header, CLAIMS), by_hand(header, CLAIMS, part(header).encode() + b"." + unencoded)):
        with pytest.raises(Unauthenticated):
            Tokens(KEY).read(token, NOW)


def test_every_bad_signature_gets_the_same_refusal() -> None:
    forged, unsigned = signed({**CLAIMS, "exp": 1}, key=b"x" * 32), f"{part({'alg': 'none'})}.{part(CLAIMS)}."
    for token in (forged, unsigned, signed(CLAIMS)[:-2], "x" * 100):
        with pytest.raises(Unauthenticated, match=re.escape("The token is not one of this register's.")):
            Tokens(KEY).read(token, NOW)


def test_a_token_is_short() -> None:
    with pytest.raises(Unauthenticated, match="8,192"):
        Tokens(KEY).read(signed({**CLAIMS, "padding": "x" * 8192}), NOW)


@pytest.mark.parametrize("lifetime", [timedelta(days=1, seconds=1), timedelta(days=3650)])
def test_a_token_lasts_a_day_at_most(lifetime: timedelta) -> None:
    lasting = {**CLAIMS, "exp": int((NOW + lifetime).timestamp())}
    with pytest.raises(Unauthenticated, match="too long"):
        Tokens(KEY).read(signed(lasting), NOW)
    with pytest.raises(Unauthenticated, match="not valid yet"):
        Tokens(KEY).read(signed({**lasting, "iat": lasting["exp"] - 60}), NOW)
    with pytest.raises(ValueError, match="at most 24 h"):
        Tokens(KEY).issue(ANA, name=None, now=NOW, lifetime=lifetime)
    longer = Tokens(KEY, lifetime)
    assert longer.read(longer.issue(ANA, name=None, now=NOW, lifetime=lifetime), NOW).actor == ANA


def test_the_command_line_issues_no_longer_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_DATA_DIR", str(tmp_path))
    command = ["token", "--subject", "ana", "--authority", "kfor", "--role", "reviewer", "--expires"]
    refused = CliRunner().invoke(application("token"), [*command, "2d"])
    assert refused.exit_code == 2
    assert "valid for at most 24 h (MANDATE_TOKEN_LIFETIME), not for 48 h." in " ".join(
        refused.stderr.replace("│", " ").split()
    )
    made = CliRunner().invoke(application("token"), [*command, "1d"]).stdout.strip()
    assert Tokens(own_key(tmp_path)).read(made, datetime.now(UTC)).actor.subject == "ana"
    monkeypatch.setenv("MANDATE_TOKEN_LIFETIME", "3600")
    assert CliRunner().invoke(application("token"), [*command, "2h"]).exit_code == 2


def test_no_token_is_issued_for_the_register_itself() -> None:
    with pytest.raises(ValueError, match="register"):
        Tokens(KEY).issue(
            replace(ANA, authority=AuthorityCode("register")), name=None, now=NOW, lifetime=timedelta(hours=1)
        )


def test_the_key_of_a_data_folder_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = own_key(tmp_path / "data")
    assert key == own_key(tmp_path / "data")
    assert (tmp_path / "data" / "token.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["token.key"]


def test_a_start_killed_while_creating_the_key_does_not_block_the_next(tmp_path: Path) -> None:
    (tmp_path / f"token.key.{os.getpid()}").touch()
    assert len(own_key(tmp_path)) == 64


def test_a_key_is_all_of_its_file_but_the_end_of_its_line(tmp_path: Path) -> None:
    for content, key in ((b" " * 32, b" " * 32), (b"k" * 40 + b"\r\n", b"k" * 40), (b"k" * 31 + b"\n", b"k" * 31)):
        (tmp_path / "key").write_bytes(content)
        assert read_key(tmp_path / "key") == key


def test_a_missing_or_short_key_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_key(tmp_path / "none")
    (tmp_path / "short").write_text("secret")
    with pytest.raises(Misconfigured, match="shorter"):
        read_key(tmp_path / "short")


def test_tokens_of_the_previous_key_are_accepted_until_it_is_removed(tmp_path: Path) -> None:
    path, lifetime = tmp_path / "token.key", timedelta(hours=1)
    before = Tokens(own_key(tmp_path)).issue(ANA, name=None, now=NOW, lifetime=lifetime)
    path.rename(tmp_path / "token.key.previous")
    rotated = Tokens(own_key(tmp_path), previous=previous_key(path))
    after = rotated.issue(ANA, name=None, now=NOW, lifetime=lifetime)
    assert [rotated.read(token, NOW).actor for token in (before, after)] == [ANA, ANA]
    (tmp_path / "token.key.previous").unlink()
    assert previous_key(path) is None
    with pytest.raises(Unauthenticated, match="'kid'"):
        Tokens(own_key(tmp_path)).read(before, NOW)
    assert Tokens(own_key(tmp_path)).read(after, NOW).actor == ANA


@pytest.mark.parametrize("kid", ["", "x", 7, ["x"], {}])
def test_a_kid_is_only_looked_up(kid: object) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY).read(by_hand({"alg": "HS256", "kid": kid}, CLAIMS), NOW)
