"""A register whose commands run through a dispatcher."""

from collections.abc import Iterator

import pytest

from tests.register import Register, opened
from tests.service.commands.case import CLERK, clock


@pytest.fixture
def register(database_url: str) -> Iterator[Register]:
    with opened(database_url, clock) as register:
        register.prepare(CLERK)
        yield register
