"""The identity of a bearer, and why a request has none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import validation
from domain.vocabulary import REGISTER, Actor, AuthorityCode, Label, Subject

ISSUER: Final = "mandate"
"""The register, as the issuer of its own tokens."""


class Unauthenticated(Exception):
    """The token is missing, forged, expired or malformed.

    The message names the wrong claim. It says nothing about what is wrong with a signature.
    """


class Blocked(Exception):
    """An administrator has blocked the person, whatever tokens they hold."""

    def __init__(self) -> None:
        super().__init__("You are blocked from this register: ask an administrator.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The bearer of a token. name: as the issuer states it, None if it does not."""

    actor: Actor
    name: str | None
    expires_at: datetime


def actor_problem(actor: Actor, name: str | None) -> str | None:
    """Why nobody may act as this actor, or None."""
    if actor.authority == REGISTER:
        return f"Only the register itself acts for '{REGISTER}'."
    if not actor.roles:
        return "An actor needs a role."
    for what, value, annotation in (
        ("subject", actor.subject, Subject),
        ("authority", actor.authority, AuthorityCode),
        ("name", name, Label),
    ):
        if value is not None and (message := validation.judge(value, annotation)) is not None:
            return f"The {what} is not well formed. {message}"
    return None
