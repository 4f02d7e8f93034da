"""A principal and her deputy, both of those who decide, and the appointment."""

from dataclasses import replace
from typing import Any

from domain.decider import resolve
from domain.deployment_request import commands as c
from domain.deployment_request.events import Recommendation
from domain.deputies import DeputyAppointed
from domain.vocabulary import Actor, Label, Role
from tests.domain.case import (
    DAY,
    KFOR,
    WHY,
    admin,
    person,
)
from tests.specification import NOW, MemoryRegister, Past

BOTH = (Role.REVIEWER, Role.APPROVER)
paula, dora = person("paula", KFOR, *BOTH), person("dora", KFOR, *BOTH)
"""The principal and her deputy."""
FAR = NOW + 3000 * DAY
BEGIN, ENDORSE = c.BeginReview(reason=WHY), c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY)
APPROVE, REMARK = c.ApproveRequest(reason=WHY), c.RemarkOnRequest(reason=WHY)


def acting(deputy: Actor = dora, principal: Actor = paula) -> Actor:
    return replace(deputy, on_behalf_of=principal.person)


def appointed(principal: Actor = paula, deputy: Actor = dora, *roles: Role, **fields: Any) -> Past:
    event = DeputyAppointed(
        authority=deputy.authority,
        principal_issuer=Label(principal.issuer),
        principal=principal.subject,
        deputy_issuer=Label(deputy.issuer),
        deputy=deputy.subject,
        roles=roles or BOTH,
        valid_from=NOW - 20 * DAY,
        valid_until=FAR,
        reason=WHY,
    )
    return Past(event=replace(event, **fields), by=admin)


WHO = {"d": dora, "p": paula, "d for p": acting()}
"""Each for herself, and the deputy on behalf of the principal."""


def resolved(register: MemoryRegister, attempt: Any) -> Any:
    """The decision, with every stream that it turns out to need."""
    return resolve(
        attempt.decide, lambda streams: attempt.states.update((each, register.states.get(each)) for each in streams)
    )
