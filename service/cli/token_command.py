"""`token`: bearer tokens for the API."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.access.own_tokens import tokens
from service.settings import Settings

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def add_to(app: typer.Typer) -> None:
    app.command()(token)


def token(
    subject: Annotated[str, typer.Option(help="The person, such as 'ana.h'.")],
    authority: Annotated[str, typer.Option(help="Code of the authority that the person acts for, such as 'kfor'.")],
    role: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(r.lower() for r in Role)}.")],
    name: Annotated[str | None, typer.Option(help="Display name of the person.")] = None,
    expires: Annotated[
        str, typer.Option(help="Lifetime, such as '30m' or '8h'. At most MANDATE_TOKEN_LIFETIME, by default a day.")
    ] = "8h",
) -> None:
    """Prints a bearer token."""
    settings = Settings.from_environment()
    actor = Actor(
        issuer=ISSUER,
        subject=Subject(subject),
        authority=AuthorityCode(authority),
        roles=tuple(dict.fromkeys(_role(text) for text in role)),
    )
    lifetime = _lifetime(expires)
    try:
        typer.echo(tokens(settings).issue(actor, name=name, now=datetime.now(UTC), lifetime=lifetime))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _role(text: str) -> Role:
    try:
        return Role(text.upper())
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not one of {', '.join(r.lower() for r in Role)}.") from None


def _lifetime(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if match is None:
        raise typer.BadParameter("Give a number and a unit: '30m', '8h', '1d'.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})
