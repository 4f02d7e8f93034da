"""Where the reading commands read: the register of this machine, or a remote one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from service.cli.register_access import RegisterAccess, instant, open_register, read_token
from service.cli.remote.server import Server, open_server
from service.instants import last_instant
from service.settings import URL_VARIABLE

UrlOption = Annotated[
    str | None,
    typer.Option(
        envvar=URL_VARIABLE,
        help="Read the register of the server at this address, such as 'https://register.example', with --token. "
        "Without it: the register of this machine, by its database.",
    ),
]
Source = RegisterAccess | Server


@contextmanager
def open_source(url: str | None, token: str | None, as_of: str | None = None) -> Iterator[Source]:
    """Raises ExportRefused, Misconfigured or Unavailable."""
    if url is None:
        with open_register(token, as_of) as register:
            yield register
        return
    moment = None if as_of is None else last_instant(instant(as_of, "--as-of"))
    with open_server(url, None if token is None else read_token(token), moment) as server:
        yield server
