"""The file of issuers: what it may say, and where an error in it lies."""

from pathlib import Path

import pytest

from service.access.issuers import Issuer, read_issuers
from service.errors import Misconfigured

VALID = """
[[issuers]]
issuer = "https://id.example.org/realms/kfor"
audience = "mandate"
clients = ["console"]
authorities = ["kfor"]

[[issuers.grants]]
group = "reviewers"
authority = "kfor"
roles = ["REVIEWER"]
"""


def read(tmp_path: Path, content: str) -> tuple[Issuer, ...]:
    path = tmp_path / "issuers.toml"
    path.write_text(content)
    return read_issuers(path)


def test_what_is_not_stated_has_a_default(tmp_path: Path) -> None:
    (issuer,) = read(tmp_path, VALID)
    assert (issuer.jwks_uri, issuer.groups_claim, issuer.max_lifetime) == (None, ("groups",), 3600)
    assert not issuer.plain_jwt


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[issuers]]", "[[issuers", "is not TOML"),
        ("[[issuers]]", "[[issuer]]", "issuers: "),
        ('audience = "mandate"', "", "issuers[0].audience: Field required"),
        ('audience = "mandate"', 'audience = ""', "issuers[0].audience:"),
        ('audience = "mandate"', 'audience = "mandate"\nrefesh = 5', "issuers[0].refesh:"),
        ("https://id", "http://id", "issuers[0].issuer: it does not start with https://"),
        ("https://id", "https://u@id", "issuers[0].issuer: it is not a URL"),
        ("realms/kfor", "realms?x=1", "issuers[0].issuer: it is not a URL"),
        ("realms/kfor", "x" * 200, "issuers[0].issuer:"),
        ('clients = ["console"]', "clients = []", "issuers[0].clients:"),
        ('authorities = ["kfor"]', 'authorities = ["KFOR"]', "issuers[0].authorities[0]:"),
        ('authorities = ["kfor"]', 'authorities = ["register"]', "issuers[0].authorities[0]: 'register'"),
        ('authority = "kfor"', 'authority = "pristina"', "issuers[0]: grants: 'pristina' is not one"),
        ('authority = "kfor"', "", "issuers[0]: grants: 'reviewers' has no authority"),
        ('"REVIEWER"', '"KING"', "issuers[0].grants[0].roles[0]:"),
        ('"REVIEWER"', "", "issuers[0].grants[0].roles:"),
        ('clients = ["console"]', 'clients = ["console"]\nmax_lifetime = 100000', "issuers[0].max_lifetime:"),
    ],
)
def test_an_error_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(Misconfigured) as error:
        read(tmp_path, VALID.replace(old, new, 1))
    assert str(error.value).startswith(f"MANDATE_ISSUERS: {tmp_path / 'issuers.toml'}")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_issuer_is_there_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="twice"):
        read(tmp_path, VALID + VALID)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_issuers(tmp_path / "none")
