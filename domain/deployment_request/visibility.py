"""Who may see a deployment request, and what of the deliberations on it. Its audience is in `state.py`.

If the deliberations are internal, all but their readers see of them: how many endorsements count, the events without
what was recommended and why, and the deciding authority in place of its persons, except who decided.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from domain import authority
from domain.decider import Context
from domain.deployment_request import events, hearing_events
from domain.deployment_request.state import Deliberations, DeploymentRequest, Hold, Release
from domain.deployment_request.succession_events import RequestTakenOver
from domain.fast_replace import fast_replace
from domain.visibility import Viewer
from domain.vocabulary import Actor, AuthorityCode, Subject

ACTOR: Final = "actor"
"""The part of a recorded event that says who acted."""
DECISIONS: Final = (
    events.RequestApproved,
    events.RequestDenied,
    events.ApprovalConfirmed,
    events.ApprovalRevoked,
    events.FulfilmentAccepted,
    events.FulfilmentSentBack,
    hearing_events.NoticeGiven,
    events.ExtensionGranted,
    events.ExtensionRefused,
    RequestTakenOver,
)


INTERNAL_PARTS: Final[Mapping[type[object], tuple[str, ...]]] = {
    **dict.fromkeys(
        (events.RequestEndorsed, events.EndorsementChanged, events.ExtensionEndorsed), ("recommendation", "reason")
    ),
    events.ReviewerRecused: ("reason",),
    events.RequestAssigned: ("subject", "reason"),
    events.RequestRemarked: ("reason",),
}
"""The fields of events that only the readers of internal deliberations see; of a remark, if it is internal."""


def is_visible(request: DeploymentRequest, context: Context) -> bool:
    """Whether the actor may see it."""
    return authority.viewer(context, context.actor).sees(request.audience)


def reads_deliberations(viewer: Viewer, request: DeploymentRequest) -> bool:
    """Whether the viewer may read who endorsed the request, what they recommended and why."""
    return not request.deliberations_internal or viewer.sees(request.deliberations.readers)


def internal_parts(deliberations: Deliberations, event: object, actor: Actor) -> tuple[str, ...]:
    """The parts of a recorded event of a request that only the readers of the deliberations see."""
    internal = INTERNAL_PARTS.get(type(event))
    is_internal = event.internal if isinstance(event, events.RequestRemarked) else deliberations.internal
    if internal is not None and is_internal:
        return (ACTOR, *internal)
    if not deliberations.internal or isinstance(event, DECISIONS):
        return ()
    return (ACTOR,) if actor.authority in deliberations.deciding else ()


def disclosed(request: DeploymentRequest) -> DeploymentRequest:
    """The request as those see it who may not read the deliberations on it."""
    if not request.deliberations_internal:
        return request
    return fast_replace(request, **{name: shown(request) for name, shown in _DISCLOSED.items()})


def disclosed_to(viewer: Viewer, request: DeploymentRequest) -> DeploymentRequest:
    return request if reads_deliberations(viewer, request) else disclosed(request)


def undisclosed(code: AuthorityCode) -> Actor:
    """In place of a person of the deciding authority. No person has an empty issuer."""
    return Actor(issuer="", subject=Subject("undisclosed"), authority=code, roles=())


def concealed(actor: Actor) -> Actor:
    return actor if actor.is_system else undisclosed(actor.authority)


def _disclosed(hold: Hold | None) -> Any:
    return hold and replace(hold, held_by=concealed(hold.held_by))


_DISCLOSED: Final[Mapping[str, Callable[[DeploymentRequest], Any]]] = {
    "endorsements": lambda request: (),
    "recusals": lambda request: (),
    "assigned_to": lambda request: None,
    "extension": lambda request: request.extension and replace(request.extension, endorsements=()),
    "hold": lambda request: _disclosed(request.hold),
    "release": lambda request: (
        request.release and Release(hold=_disclosed(request.release.hold), position=request.release.position)
    ),
}
"""The fields that are internal, and what others see of them."""
INTERNAL: Final = frozenset(_DISCLOSED)
"""The names of the fields that are internal."""
