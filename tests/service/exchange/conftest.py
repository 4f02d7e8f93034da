"""Registers for exports, each shared by the tests of a file: exports only read."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.service.exchange.exports.exporter import Exporter, Numbered, filled


@pytest.fixture(scope="module")
def register(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    with databases.fresh() as urls, filled(urls, tmp_path_factory.mktemp("exports"), Numbered(42), 400) as made:
        yield made
