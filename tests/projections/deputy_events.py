"""Appointments of deputies by chance."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain import deputies
from domain.deputies import DeputyAppointed, DeputyEnded
from domain.vocabulary import Label, Role, Subject, Text
from tests.projections.chance import CODES, ISSUER, START


def appointment(random: Random, text: Callable[[], Text]) -> tuple[UUID, DeputyAppointed | DeputyEnded]:
    """Somebody is appointed a deputy, or was. Its stream, and the event."""
    code, days = random.choice(CODES), random.choice([1, 9000, 9000])
    principal, deputy = (Subject(f"p{each}") for each in random.sample(range(1, 6), 2))
    persons: dict[str, Any] = {"principal_issuer": Label(ISSUER), "principal": principal}
    persons |= {"deputy_issuer": Label(ISSUER), "deputy": deputy}
    appointed = DeputyAppointed(
        authority=code,
        roles=(Role.REVIEWER, Role.APPROVER),
        valid_from=START - timedelta(days=9),
        valid_until=START + timedelta(days=days),
        reason=text(),
        **persons,
    )
    ended = DeputyEnded(authority=code, reason=text(), **persons)
    event: Any = random.choice([appointed, appointed, ended])
    return deputies.stream_of(code), event
