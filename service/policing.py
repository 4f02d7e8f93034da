"""What follows by itself: every event is shown to the policies once, and what they call for is dispatched as anybody's.

A policy is judged on the newest states of the request and of the incidents that it rests on, so that it does not matter
in which order a hold and a finding were recorded: the later of the two is shown last. Its command has a key made from
policy, request and cause: however often an event is shown, across kills, restarts and workers, the effect is one.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.catalogue import POLICIES
from domain.deciding import Context, Unread
from domain.deployment_request.state import DeploymentRequest
from domain.policies.approvals import EXPIRE_APPROVAL
from domain.policies.reacting import Policy, affected
from domain.recorded import Recorded
from domain.vocabulary import SYSTEM, IncidentId, RequestId, derived_id
from service.dispatcher import Dispatcher
from service.orders import Order, Outcome
from service.states import States

log = logging.getLogger(__name__)

Watchers = Callable[[IncidentId, int], Iterable[RequestId]]
"""The requests that may rest on an incident, as of a position at least."""

TRIES: Final = 50
"""How often a policy is asked anew what it needs to know."""


class Policing:
    """Shows events and the time to the policies. Raises Unavailable where the store does not answer: show it again."""

    def __init__(
        self, dispatcher: Dispatcher, states: States, watchers: Watchers, clock: Callable[[], datetime]
    ) -> None:
        self._dispatcher = dispatcher
        self._states = states
        self._watchers = watchers
        self._clock = clock

    def show(self, events: Sequence[Recorded[Any]]) -> None:
        """Whatever follows from these events is recorded, or was, or was refused and is settled."""
        concerned = [(recorded, self._affected(recorded)) for recorded in events]
        states = self._newest({request for _, requests in concerned for request in requests})
        for recorded, requests in concerned:
            for request in requests:
                for policy in POLICIES:
                    self._ask(policy, request, states, recorded)

    def tick(self, expiring: Iterable[DeploymentRequest]) -> None:
        """Whatever the time calls for is recorded: these approvals' time has passed."""
        for request in expiring:
            states = self._newest({request.id})
            self._ask(EXPIRE_APPROVAL, request.id, states, None)

    def _affected(self, recorded: Recorded[Any]) -> tuple[RequestId, ...]:
        return affected(recorded, lambda incident: self._watchers(incident, recorded.position))

    def _newest(self, streams: Iterable[UUID]) -> dict[UUID, Any]:
        states = self._states.load(streams)
        return states | self._states.refresh(states)

    def _ask(
        self, policy: Policy, request: RequestId, states: dict[UUID, Any], cause: Recorded[Any] | None
    ) -> None:
        state = states.get(request)
        if not isinstance(state, DeploymentRequest):
            return
        command = self._react(policy, state, states)
        if command is None:
            return
        position = cause.position if cause else state.decision.position if state.decision else 0
        key = f"{policy.name} {request} {position}"
        answer = self._dispatcher.dispatch(
            Order(
                command=command,
                actor=SYSTEM,
                subject=request,
                idempotency_key=key,
                correlation=cause.correlation if cause else None,
                causation=position,
                command_id=derived_id("policy", key),
            )
        )
        if isinstance(answer, Outcome):
            if not answer.repeated:
                states[request] = answer.state
        else:
            log.info("policy %s on %s is settled: %s", policy.name, request, answer.message)

    def _react(self, policy: Policy, state: DeploymentRequest, states: dict[UUID, Any]) -> object | None:
        for _ in range(TRIES):
            context = Context(actor=SYSTEM, now=self._clock(), subject=state.id, consulted=states)
            try:
                return policy.react(state, context)
            except Unread as unread:
                states |= self._newest(unread.streams)
        raise RuntimeError(f"policy {policy.name} asks without end")
