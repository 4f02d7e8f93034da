"""What an operator is told where PostgreSQL ends a statement: it did answer."""

import psycopg
import pytest

from service.cli.rebuild_commands import answering
from service.errors import Unavailable


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            psycopg.errors.QueryCanceled("canceling statement due to user request\nCONTEXT: …"),
            "aborted .*user request$",
        ),
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), "aborted .*lock timeout$"),
        (psycopg.errors.ProgramLimitExceeded("index row size 4160 exceeds 2704"), "aborted .*exceeds 2704$"),
        (psycopg.errors.UniqueViolation("duplicate key"), "aborted .*duplicate key$"),
        (psycopg.errors.AdminShutdown("terminating connection"), "does not answer: terminating connection$"),
        (psycopg.OperationalError("connection refused"), "does not answer: connection refused$"),
    ],
)
def test_what_the_database_gave_up_is_distinguished_from_its_silence(error: psycopg.Error, told: str) -> None:
    with pytest.raises(Unavailable, match=told), answering():
        raise error
