"""A served register with the authorities of the README, and what the quick starts may ask of it."""

import os
from collections.abc import Iterator

import pytest

from domain.vocabulary import Role
from tests.clients.programs import Programs, Register
from tests.databases import Databases
from tests.service.graphql.api_client import Person, served
from tests.service.graphql.scenario import ADMINISTRATOR

REQUESTER = Person("requester", "pristina", (Role.REQUESTER,))


@pytest.fixture(scope="package")
def register(databases: Databases) -> Iterator[Register]:
    with databases.fresh() as urls, served(urls) as client:
        for code in (ADMINISTRATOR.authority, "pristina", "kfor"):
            given = {"code": code, "name": code.title()}
            client.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", given)
        mandate = {"authority": "kfor", "region": "xk", "legalBasis": "EXERCISE: a resolution"}
        granted = client.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate)
        assert granted["__typename"] == "AuthorityRecorded", granted
        yield Register(str(client.client.base_url).rstrip("/"), client.token(REQUESTER))


@pytest.fixture(scope="package")
def programs() -> Programs:
    """Those that need packages of their own: `make clients` installs them."""
    if not os.environ.get("TEST_CLIENTS"):
        pytest.skip("make clients runs it: it installs packages of its own")
    return Programs()
