"""All that follows from a history by itself, and histories from which something does."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import POLICIES
from domain.policies.policy import Policy
from domain.vocabulary import SYSTEM, AnalyticConfidence, Likelihood
from tests.domain.case import (
    BRIDGE,
    CANAL,
    ENDORSED,
    REPORTED,
    WITHHELD,
    approval,
    begun,
    finding,
    ground,
    incident,
    resumed,
    submission,
)
from tests.specification import NOW, MemoryRegister, Past, given

SEVERAL = (*REPORTED, incident(BRIDGE, reference="pristina-i-2024-0002"), submission(incidents=(CANAL, BRIDGE)), begun)
RELEASED = (*WITHHELD, finding(), resumed())
RESTING = (*ENDORSED, finding(), approval(ground(2)))
ASKS = "An approver of kfor is to confirm or to revoke it."
VERY_LIKELY, LIKELY, UNLIKELY = Likelihood.VERY_LIKELY, Likelihood.LIKELY, Likelihood.UNLIKELY
HIGH, MODERATE, LOW = AnalyticConfidence.HIGH, AnalyticConfidence.MODERATE, AnalyticConfidence.LOW


def called_for(register: MemoryRegister, now: datetime = NOW) -> list[tuple[Policy, object]]:
    """What each policy answers to the request and the incidents as they stand, where it answers something."""
    return [(policy, command) for policy, command, _ in _called_for(register, now)]


def _called_for(register: MemoryRegister, now: datetime) -> list[tuple[Policy, object, UUID]]:
    answers = (
        (policy, register.ask(partial(policy.react, state), SYSTEM, subject, now), subject)
        for policy in POLICIES
        for subject, state in register.states.items()
        if isinstance(state, policy.of)
    )
    return [each for each in answers if each[1] is not None]


def reactions(register: MemoryRegister, now: datetime = NOW) -> list[object]:
    return [command for _, command in called_for(register, now)]


def follow(*past: Past, now: datetime = NOW) -> MemoryRegister:
    """What was given, and all that follows from it by itself."""
    return settled(given(*past).register, now)


def settled(register: MemoryRegister, now: datetime = NOW) -> MemoryRegister:
    """After all that follows, one thing after the other: each command is granted, and there comes an end."""
    for _ in range(10):
        commands = _called_for(register, now)
        if not commands:
            return register
        _, command, subject = commands[0]
        answer = register.command(command, SYSTEM, subject, now=now)
        assert isinstance(answer, tuple), answer
    pytest.fail("it never settles")


def last(register: MemoryRegister) -> Any:
    return register.log[-1].event
