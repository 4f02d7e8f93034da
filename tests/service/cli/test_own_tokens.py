"""Where the register's own tokens are accepted, and where only those of issuers are."""

from pathlib import Path
from typing import Any

import pytest

from service.cli.serve_command import _own_tokens
from service.errors import Misconfigured
from service.settings import Settings

ELSEWHERE = "postgresql://db.example/mandate"


def settings(tmp_path: Path, **given: Any) -> Settings:
    (tmp_path / "key").write_text("k" * 64)
    return Settings(data_dir=tmp_path / "data", **given)


@pytest.mark.parametrize(
    ("host", "is_allowed", "database_url", "accepted"),
    [
        ("127.0.0.1", False, None, True),
        ("0.0.0.0", False, None, False),
        ("0.0.0.0", True, None, True),
        ("127.0.0.1", False, ELSEWHERE, False),
        ("127.0.0.1", True, ELSEWHERE, False),
    ],
)
def test_the_embedded_key_beside_issuers(
    tmp_path: Path, host: str, is_allowed: bool, database_url: str | None, accepted: bool
) -> None:
    given = settings(tmp_path, issuers=tmp_path / "issuers.toml", database_url=database_url)
    assert (_own_tokens(given, host, is_allowed=is_allowed) is not None) == accepted
    named = settings(tmp_path, issuers=given.issuers, database_url=database_url, token_key_file=tmp_path / "key")
    assert _own_tokens(named, host, is_allowed=is_allowed) is not None


@pytest.mark.parametrize(("host", "database_url"), [("0.0.0.0", None), ("127.0.0.1", ELSEWHERE)])
def test_the_embedded_key_without_issuers(tmp_path: Path, host: str, database_url: str | None) -> None:
    with pytest.raises(Misconfigured, match="MANDATE_ISSUERS"):
        _own_tokens(settings(tmp_path, database_url=database_url), host, is_allowed=False)
