"""A register with endpoints, and a receiver."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import DatabaseUrls
from tests.databases import Databases
from tests.service.notifications.mailbox import Mailbox, mailbox
from tests.service.notifications.receiver import Receiver, receiving
from tests.service.notifications.register import Register, register


@pytest.fixture
def fresh(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[Register]:
    """A register of its own, without a worker."""
    with register(database_urls, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """A register that tests share, with a worker. Each has endpoints of its own."""
    with (
        databases.fresh() as urls,
        register(urls, tmp_path_factory.mktemp("running"), MANDATE_WEBHOOK_TIMEOUT="2") as found,
        found.workers(),
    ):
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found
