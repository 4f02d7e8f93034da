"""Available actions on a request, by the rules that commands are checked against."""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import strawberry

from domain import decider, deputies
from domain.decider import Context, resolve_async
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.refusals import FieldProblem, InvalidInput
from domain.vocabulary import Actor
from service.graphql.execution.field_charges import RULES
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders

T = TypeVar("T")

NOTHING: Final[Mapping[UUID, object]] = {}


if TYPE_CHECKING:
    RequestAction = StrEnum
else:
    RequestAction = strawberry.enum(
        StrEnum("RequestAction", {step.action: step.action for step in STEPS if step.offered}),
        description="Actions on a request: each is a mutation.",
    )


async def available(
    request: DeploymentRequest, loaders: Loaders, consulted: Mapping[UUID, object], on_behalf_of: str | None = None
) -> list[RequestAction]:
    """The actions that the viewer may take now. consulted: states of other streams that are already loaded.

    on_behalf_of: as in a command. Raises BadUserInput if the viewer is not the deputy of that person.
    """
    actor = loaders.actor if on_behalf_of is None else await _deputising(on_behalf_of, loaders)
    actions = await evaluate(
        request,
        loaders,
        lambda context: decider.available(STEPS, request, context.as_actor(actor)),
        consulted=consulted,
    )
    return [RequestAction(action) for action in actions]


async def _deputising(named: str, loaders: Loaders) -> Actor:
    actor = loaders.actor
    principal = deputies.principal_of(named, actor.issuer)
    if isinstance(principal, FieldProblem):
        raise BadUserInput(deputies.ON_BEHALF_OF, principal.message)
    appointed = await loaders.deputies.load(actor.authority)
    found = deputies.deputising(actor, principal, appointed, loaders.now, loaders.is_blocked)
    if isinstance(found, InvalidInput):
        raise BadUserInput(deputies.ON_BEHALF_OF, found.fields[0].message)
    return found


async def evaluate(
    request: DeploymentRequest,
    loaders: Loaders,
    judge: Callable[[Context], T],
    seen: frozenset[UUID] | None = None,
    consulted: Mapping[UUID, object] = NOTHING,
) -> T:
    """Evaluates the rules on a request, loading other streams as the rules consult them.

    seen: ids of the incidents that may be shown. consulted: states that are already loaded.
    """
    states = dict(consulted)
    context = Context(actor=loaders.actor, now=loaders.now, subject=request.id, consulted=states, seen=seen)
    pause = partial(loaders.pace.point, RULES // 2)  # usually evaluated twice

    async def read(streams: tuple[UUID, ...]) -> None:
        states.update(await _consulted(streams, request, loaders))
        await pause()

    await pause()
    return await resolve_async(lambda: judge(context), read)


async def _consulted(streams: tuple[UUID, ...], request: DeploymentRequest, loaders: Loaders) -> dict[UUID, object]:
    """An id does not reveal its type: ids among the request's incidents are incidents, all others authorities or
    mandates."""
    loads = (
        loaders.consulted_incidents.load(stream)
        if stream in request.concerns
        else loaders.consulted_mandates.load(stream)
        for stream in streams
    )
    return dict(zip(streams, await asyncio.gather(*loads), strict=True))
