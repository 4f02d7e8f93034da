"""A person's inbox, in two ways: from the steps that wait, and from the actions that are available."""

from datetime import datetime
from typing import Any

from domain.decider import Context
from domain.deployment_request.inbox import AWAITED, awaited_steps
from domain.jurisdiction import Jurisdiction
from domain.vocabulary import Actor
from tests.domain.case import REQUEST
from tests.specification import MemoryRegister


def listed(register: MemoryRegister, actor: Actor, now: datetime) -> set[str]:
    """What waits for the actor, from the items that the inbox stores."""
    mandates = [state.mandate(now) for state in register.states.values() if isinstance(state, Jurisdiction)]
    holds = [each.region for each in mandates if each is not None and each.authority == actor.authority]
    steps = list(awaited_steps(register.states[REQUEST]))
    return {step.action for step in steps if step.waits_for(actor, now, holds)}


def expected(register: MemoryRegister, actor: Actor, now: datetime) -> set[str]:
    """The available actions that are awaited now. The register has no inbox."""
    available = set() if actor.is_system else set(register.available(actor, REQUEST, now))
    awaited = {step.action for step in AWAITED if is_awaited(step, register, actor, now)}
    return awaited & available


def is_awaited(step: Any, register: MemoryRegister, actor: Actor, now: datetime) -> bool:
    request, by = register.states[REQUEST], step.awaited.by
    context = Context(actor=actor, now=now, subject=REQUEST, consulted=register.states)
    those = by is None or all(verdict.met for verdict in by.judge(request, context))
    return bool(step.awaited.is_now(request, now) and those)
