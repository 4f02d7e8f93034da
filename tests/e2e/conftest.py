"""What end-to-end tests may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.access.key_files import own_key
from service.cli.demo.case import PEOPLE, DemoCase
from service.cli.demo.client import people
from service.settings import Settings
from tests.e2e.serving import Served, serve


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A register that tests share: each speaks of its own requests."""
    with serve(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(scope="session")
def demo_case(served: Served) -> DemoCase:
    """The case of the design, executed over HTTP to its end."""
    settings = Settings(data_dir=Path(served.environment["MANDATE_DATA_DIR"]))
    case = DemoCase(people(served.url, own_key(settings.data_dir), PEOPLE), lambda who, what, source: None)
    case.tell_what_happened()
    case.go_on_as_an_exercise()
    return case
