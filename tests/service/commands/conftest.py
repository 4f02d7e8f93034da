"""A register whose commands run through a dispatcher."""

from collections.abc import Iterator

import pytest

from domain.authority import RegisterAuthority
from domain.jurisdiction import GrantMandate
from domain.vocabulary import AuthorityCode, Label, Region
from service.commands.envelope import CommandResult
from tests.service.commands.register import CLERK, Register, opened


@pytest.fixture
def register(database_url: str) -> Iterator[Register]:
    """kfor holds a mandate over xk; pristina is registered."""
    with opened(database_url) as register:
        for code in ("kfor", "pristina"):
            done = register.do(RegisterAuthority(code=AuthorityCode(code), name=Label(code)), CLERK)
            assert isinstance(done, CommandResult), done
        done = register.do(
            GrantMandate(authority=AuthorityCode("kfor"), region=Region("xk"), legal_basis=Label("UNSCR 1244")), CLERK
        )
        assert isinstance(done, CommandResult), done
        yield register
