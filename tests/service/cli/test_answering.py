"""The message to an operator if PostgreSQL ends a statement: it did answer."""

import psycopg
import pytest

from service.cli.rebuild_commands import answering
from service.errors import Unavailable


@pytest.mark.parametrize(
    ("error", "message"),
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
def test_a_statement_ended_by_the_database_is_no_outage(error: psycopg.Error, message: str) -> None:
    with pytest.raises(Unavailable, match=message), answering():
        raise error
