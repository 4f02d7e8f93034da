"""The issuers whose tokens are accepted, and what their claims grant, from a TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain import validation
from domain.vocabulary import REGISTER, AuthorityCode, Role
from service.errors import Misconfigured

DISCOVERY: Final = "/.well-known/openid-configuration"
LONGEST_ISSUER: Final = 200
"""Characters. The issuer is stored with every event."""


def secure_url(url: str) -> str:
    """The URL, if it is https without user, query and fragment; http only to this machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        raise ValueError("it is not a URL of a host and a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(parts.hostname)):
        raise ValueError("it does not start with https://")
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(code: str) -> str:
    if code == REGISTER or (problem := validation.judge(code, AuthorityCode)) is not None:
        raise ValueError(f"'{REGISTER}' is the register itself" if code == REGISTER else str(problem))
    return code


Url = Annotated[str, AfterValidator(secure_url)]
Code = Annotated[str, AfterValidator(_authority)]
Name = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Grant(_Section):
    """What members of a group may do. authority: None for the one that the token's claim names."""

    group: Name
    authority: Code | None = None
    roles: tuple[Role, ...] = Field(min_length=1)


class Issuer(_Section):
    """An issuer of access tokens. Times are in seconds.

    clients: accepted values of `azp` and `client_id`. authorities: those that it may speak for.
    authority_claim: the claim that names the authority, if any. groups_claim: the path to the list of groups.
    jwks_uri: None to discover it. plain_jwt: accept tokens whose `typ` is not `at+jwt`.
    """

    issuer: Annotated[Url, Field(max_length=LONGEST_ISSUER)]
    audience: Name
    clients: tuple[Name, ...] = Field(min_length=1)
    authorities: tuple[Code, ...] = Field(min_length=1)
    grants: tuple[Grant, ...] = Field(min_length=1)
    authority_claim: Name | None = None
    groups_claim: tuple[Name, ...] = Field(default=("groups",), min_length=1)
    jwks_uri: Url | None = None
    plain_jwt: bool = False
    max_lifetime: int = Field(default=3600, ge=1, le=86_400)
    refresh: float = Field(default=300.0, gt=0, le=86_400)
    cool_down: float = Field(default=5.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _check_grants(self) -> Self:
        for grant in self.grants:
            if grant.authority is None and self.authority_claim is None:
                raise ValueError(f"grants: '{grant.group}' has no authority, and there is no authority_claim")
            if grant.authority is not None and grant.authority not in self.authorities:
                raise ValueError(f"grants: '{grant.authority}' is not one of its authorities")
        return self


class _File(_Section):
    issuers: tuple[Issuer, ...] = Field(min_length=1)


def read_issuers(path: Path | None) -> tuple[Issuer, ...]:
    """The issuers in a file, if there is one. Raises Misconfigured, in one line that names the file and the key."""
    if path is None:
        return ()
    try:
        issuers = _File.model_validate(tomllib.loads(path.read_text())).issuers
    except OSError as error:
        raise Misconfigured(f"MANDATE_ISSUERS: {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise Misconfigured(
            f"MANDATE_ISSUERS: {path}: {_key(first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    except ValueError as error:
        raise Misconfigured(f"MANDATE_ISSUERS: {path} is not TOML: {' '.join(str(error).split())}") from None
    names = [each.issuer for each in issuers]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise Misconfigured(f"MANDATE_ISSUERS: {path}: issuers: {repeated} is there twice")
    return issuers


def _key(path: Sequence[int | str]) -> str:
    """As 'issuers[0].audience'."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


def value_at(claims: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value of a claim, which may lie within others; None if there is none."""
    found: Any = claims
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
