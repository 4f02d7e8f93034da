"""What follows by itself: every event is shown to the policies once, and what they call for is dispatched as anybody's.

A policy is judged on the newest states of the request and of the incidents that it rests on, so that it does not matter
in which order a hold and a finding were recorded: the later of the two is shown last. Its command has a key made from
policy, request and cause: however often an event is shown, across kills, restarts and workers, the effect is one.

A request that cannot be judged, such as one with an event that cannot be folded, fails alone. It is set aside, logged,
shown by health, and asked again until it can be judged.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from domain.catalogue import POLICIES
from domain.deciding import Context, Unread
from domain.deployment_request.state import DeploymentRequest
from domain.policies.approvals import EXPIRE_APPROVAL
from domain.policies.reacting import Policy, Reaction, affected
from domain.recorded import Recorded
from domain.vocabulary import SYSTEM, IncidentId, RequestId, derived_id
from projections.following.follower import ReadFeed
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.errors import Unavailable

log = logging.getLogger(__name__)

FindAffectedRequests = Callable[[IncidentId, int], Iterable[RequestId]]
"""The requests that may rest on an incident, as of a position at least."""

CONSUMER_NAME: Final = "policies"
"""The name under which they follow the log."""
CONSUMER_VERSION: Final = 1
"""Stays: they keep no rows that could be built anew."""
Failures = Mapping[RequestId, tuple[int, Exception]]
"""Requests that could not be judged: the position of the event that was shown, and why."""
MAX_ATTEMPTS: Final = 50
"""How often a policy is asked anew what it needs to know."""


class PolicyRunner:
    """Shows events and the time to the policies. Raises Unavailable where the store does not answer: show it again."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        states: StateCache,
        feed: ReadFeed,
        watchers: FindAffectedRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._dispatcher = dispatcher
        self._states = states
        self._feed = feed
        self._watchers = watchers
        self._clock = clock
        self._failing: set[RequestId] = set()

    def handle_events(self, events: Sequence[Recorded[Any]]) -> Failures:
        """Whatever follows from these events is recorded, or was, or was refused and is settled. What could not be."""
        concerned = {request: recorded.position for recorded in events for request in self._affected(recorded)}
        states = self._newest_together(concerned)
        failed = dict[RequestId, tuple[int, Exception]]()
        for request, position in concerned.items():
            error = self._isolated(request, partial(self._judge, request, states))
            if error is not None:
                failed[request] = position, error
        return failed

    def try_again(self, requests: Iterable[RequestId]) -> list[RequestId]:
        """Judges requests that failed before. Those that can be judged now."""
        return [request for request in requests if self._isolated(request, partial(self._judge, request, {})) is None]

    def tick(self, expiring: Iterable[RequestId], set_aside: Iterable[RequestId] = ()) -> None:
        """Whatever the time calls for is recorded: the time of these approvals has passed.

        set_aside: of requests of which the view cannot tell. One that cannot be judged keeps no other from its turn.
        """
        for request in (*expiring, *set_aside):
            self._isolated(request, partial(self._expire, request))

    def _judge(self, request: RequestId, states: dict[UUID, Any]) -> None:
        if request not in states:
            states |= self._newest({request})
        for policy in POLICIES:
            self._ask(policy, request, states)

    def _expire(self, request: RequestId) -> None:
        self._ask(EXPIRE_APPROVAL, request, self._newest({request}))

    def _isolated(self, request: RequestId, judge: Callable[[], None]) -> Exception | None:
        """Why one request cannot be judged, logged once. Raises Unavailable, which is not the request's fault."""
        try:
            judge()
        except Unavailable:
            raise
        except Exception as error:
            if request not in self._failing:
                log.exception("the policies cannot judge the request %s: it is set aside", request)
                self._failing.add(request)
            return error
        self._failing.discard(request)
        return None

    def _newest_together(self, requests: Iterable[RequestId]) -> dict[UUID, Any]:
        """In one statement; nothing where one of them cannot be folded: each is read by itself then."""
        try:
            return self._newest(set(requests))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - whose fault it is shows when each is read by itself
            return {}

    def _affected(self, recorded: Recorded[Any]) -> tuple[RequestId, ...]:
        return affected(recorded, lambda incident: self._watchers(incident, recorded.position))

    def _newest(self, streams: Iterable[UUID]) -> dict[UUID, Any]:
        states = self._states.load(streams)
        return states | self._states.refresh(states)

    def _ask(self, policy: Policy, request: RequestId, states: dict[UUID, Any]) -> None:
        state = states.get(request)
        if not isinstance(state, DeploymentRequest):
            return
        called_for = self._react(policy, state, states)
        if called_for is None:
            return
        command, cause = called_for
        [causing] = self._feed(cause - 1, 1)
        key = f"{policy.name} {request} {cause}"
        answer = self._dispatcher.dispatch(
            CommandEnvelope(
                command=command,
                actor=SYSTEM,
                subject=request,
                idempotency_key=key,
                correlation=causing.correlation,
                causation=cause,
                command_id=derived_id("policy", key),
            )
        )
        if not isinstance(answer, CommandResult):
            log.info("policy %s on %s is settled: %s", policy.name, request, answer.message)
        elif not answer.repeated:
            states[request] = answer.state

    def _react(self, policy: Policy, state: DeploymentRequest, states: dict[UUID, Any]) -> tuple[Reaction, int] | None:
        """The command that the request calls for, and its cause."""
        for _ in range(MAX_ATTEMPTS):
            context = Context(actor=SYSTEM, now=self._clock(), subject=state.id, consulted=states)
            try:
                command = policy.react(state, context)
                return None if command is None else (command, policy.cause(state, context))
            except Unread as unread:
                states |= self._newest(unread.streams)
        raise RuntimeError(f"policy {policy.name} asks without end")
