"""What the types say of commands is what the tables say."""

from typing import get_args

from domain.attempt import ROUTES
from domain.catalogue import Command


def test_every_command_of_the_tables_is_in_the_union() -> None:
    assert set(get_args(Command)) == set(ROUTES)
