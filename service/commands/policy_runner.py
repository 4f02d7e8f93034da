"""Runs the policies: each event is shown to them once, and the commands they return are dispatched like any other.

A policy reads the newest states of its subject and of the incidents, so the order in which a hold and a finding are
recorded does not matter: the later of the two is shown last. The idempotency key of its command is made of policy,
subject and cause: however often an event is shown, across kills, restarts and workers, the effect is recorded once.

A request whose policies fail, such as one with an event that cannot be applied, does not affect others. It is parked,
logged, reported by health, and retried until it succeeds.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from domain.catalogue import POLICIES, Event, State
from domain.decider import Context, resolve
from domain.policies.approvals import EXPIRE_APPROVAL
from domain.policies.policy import Policy, Reaction, affected
from domain.policies.successions import NAME_SUCCESSOR
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, IncidentId, RequestId, derived_id
from projections.following.follower import ReadFeed
from service.commands.dispatcher import Dispatch
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.errors import Unavailable

log = logging.getLogger(__name__)

FindAffectedRequests = Callable[[IncidentId, int], Iterable[RequestId]]
"""The requests that may rest on an incident, at least as of a position."""

CONSUMER_NAME: Final = "policies"
"""The name of the policies as a consumer of the log."""
CONSUMER_VERSION: Final = 1
"""Never changes: policies have no rows to rebuild."""
Failures = Mapping[UUID, tuple[int, Exception]]
"""Parked requests and incidents: the position of the event shown, and the error."""
States = dict[UUID, State | None]


class PolicyRunner:
    """Shows events and the time to the policies. Raises Unavailable if the store does not answer: retry then."""

    def __init__(
        self,
        dispatch: Dispatch,
        states: StateCache,
        feed: ReadFeed,
        find_affected: FindAffectedRequests,
        clock: Callable[[], datetime],
    ) -> None:
        self._dispatch = dispatch
        self._states = states
        self._feed = feed
        self._find_affected = find_affected
        self._clock = clock
        self._failing: set[UUID] = set()

    def handle_events(self, events: Sequence[Recorded[Event]]) -> Failures:
        """Dispatches what follows from these events. Returns the requests and incidents that failed.

        What was recorded before or is refused counts as done.
        """
        positions = {subject: recorded.position for recorded in events for subject in self._affected(recorded)}
        states = self._load_together(positions)
        failed = dict[UUID, tuple[int, Exception]]()
        for subject, position in positions.items():
            error = self._run_isolated(subject, partial(self._run_policies, subject, states))
            if error is not None:
                failed[subject] = position, error
        return failed

    def try_again(self, subjects: Iterable[UUID]) -> list[UUID]:
        """Retries parked requests and incidents. Returns those that succeed now."""
        return [
            subject
            for subject in subjects
            if self._run_isolated(subject, partial(self._run_policies, subject, {})) is None
        ]

    def tick(
        self, expiring: Iterable[RequestId], superseded: Iterable[RequestId] = (), parked: Iterable[RequestId] = ()
    ) -> None:
        """Expires these approvals, and names the successors of these.

        parked: requests parked in the view. One that fails does not delay others.
        """
        for request in (*expiring, *parked):
            self._run_isolated(request, partial(self._run_one, EXPIRE_APPROVAL, request))
        for request in (*superseded, *parked):
            self._run_isolated(request, partial(self._run_one, NAME_SUCCESSOR, request))

    def _run_policies(self, subject: UUID, states: States) -> None:
        if subject not in states:
            states |= self._load_newest({subject})
        for policy in POLICIES:
            self._run_policy(policy, subject, states)

    def _run_one(self, policy: Policy, request: RequestId) -> None:
        self._run_policy(policy, request, self._load_newest({request}))

    def _run_isolated(self, subject: UUID, run: Callable[[], None]) -> Exception | None:
        """The error of one request or incident, logged once. Raises Unavailable, which is not its fault."""
        try:
            run()
        except Unavailable:
            raise
        except Exception as error:
            if subject not in self._failing:
                log.exception("the policies fail for %s: it is parked", subject)
                self._failing.add(subject)
            return error
        self._failing.discard(subject)
        return None

    def _load_together(self, subjects: Iterable[UUID]) -> States:
        """Reads all in one statement. Empty if one of them cannot be folded: each is then read by itself."""
        try:
            return self._load_newest(set(subjects))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - reading each by itself shows which one fails
            return {}

    def _affected(self, recorded: Recorded[Event]) -> tuple[UUID, ...]:
        return affected(recorded, lambda incident: self._find_affected(incident, recorded.position))

    def _load_newest(self, streams: Iterable[UUID]) -> States:
        states = self._states.load(streams)
        return states | self._states.refresh(states)

    def _run_policy(self, policy: Policy, subject: UUID, states: States) -> None:
        state = states.get(subject)
        if not isinstance(state, policy.of):
            return
        reaction = self._react(policy, subject, states)
        if reaction is None:
            return
        command, cause = reaction
        [cause_event] = self._feed(cause - 1, 1)
        key = f"{policy.name} {subject} {cause}"
        result = self._dispatch(
            CommandEnvelope(
                command=command,
                actor=SYSTEM,
                subject=subject,
                idempotency_key=key,
                correlation=cause_event.correlation,
                causation=cause,
                command_id=derived_id("policy", key),
            )
        )
        if not isinstance(result, CommandResult):
            log.info("policy %s on %s is refused, and done: %s", policy.name, subject, result.message)
        elif not result.repeated:
            states[subject] = result.state

    def _react(self, policy: Policy, subject: UUID, states: States) -> tuple[Reaction, int] | None:
        """The command that the policy returns for the subject, and its cause."""

        def answer() -> tuple[Reaction, int] | None:
            context = Context(actor=SYSTEM, now=self._clock(), subject=subject, consulted=states)
            command = policy.react(states[subject], context)
            return None if command is None else (command, policy.cause(states[subject], context))

        return resolve(answer, lambda streams: states.update(self._load_newest(streams)))
