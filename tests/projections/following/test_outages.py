"""Outages, which pass, are distinguished from errors that a retry repeats."""

import psycopg
import pytest
from psycopg import errors

from projections.following.outages import is_outage


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("the connection is lost"), True),
        (errors.ConnectionFailure(), True),
        (errors.AdminShutdown(), True),
        (errors.CannotConnectNow(), True),
        (errors.TooManyConnections(), True),
        (errors.DeadlockDetected(), True),
        (errors.LockNotAvailable(), True),
        (errors.IdleInTransactionSessionTimeout(), False),
        (errors.QueryCanceled(), False),
        (errors.DiskFull(), True),
        (errors.OutOfMemory(), True),
        (errors.ReadOnlySqlTransaction(), True),
        (errors.ProgramLimitExceeded(), False),
        (errors.ObjectNotInPrerequisiteState(), False),
        (errors.UniqueViolation(), False),
        (ValueError(), False),
    ],
)
def test_outages_are_recognized_by_sqlstate(error: Exception, passes: bool) -> None:
    assert is_outage(error) is passes
