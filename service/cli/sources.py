"""Where the reading commands read: the register of this machine, or a remote one.

What reads this machine's register, in `service.cli.local`, is imported only then: it needs the database's libraries,
and takes longer to start.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Union

from service.cli.reading_options import past_instants, read_token
from service.cli.remote.server import Server, open_server

if TYPE_CHECKING:
    from service.cli.local.register import RegisterAccess

Source = Union["RegisterAccess", Server]


@contextmanager
def open_source(
    url: str | None, token: str | None, as_of: str | None = None, as_happened: str | None = None
) -> Iterator[Source]:
    """Raises ExportRefused, Misconfigured or Unavailable."""
    if url is None:
        from service.cli.local.register import open_register

        with open_register(token, as_of, as_happened) as register:
            yield register
        return
    moments = past_instants(as_of, as_happened)
    with open_server(url, None if token is None else read_token(token), *moments) as server:
        yield server
