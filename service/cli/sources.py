"""Where the reading commands read: the register of this machine, or a remote one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from service.cli.register_access import RegisterAccess, open_register, past_instants, read_token
from service.cli.remote.server import Server, open_server
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
def open_source(
    url: str | None, token: str | None, as_of: str | None = None, as_happened: str | None = None
) -> Iterator[Source]:
    """Raises ExportRefused, Misconfigured or Unavailable."""
    if url is None:
        with open_register(token, as_of, as_happened) as register:
            yield register
        return
    moments = past_instants(as_of, as_happened)
    with open_server(url, None if token is None else read_token(token), *moments) as server:
        yield server
