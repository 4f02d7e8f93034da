"""The steps of a request that wait for somebody, derived from the lifecycle table: what the inbox stores and finds."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.decider import Context, Step
from domain.deployment_request import extension, rules, succession
from domain.deployment_request.ballot import Ballot, on_extension, on_revision
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest, Endorsement
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Person, Region, Role, covers

MANDATES: Final = frozenset({rules.mandate_covers, succession.mandate_covers})
ELSEWHERE: Final = MANDATES | {rules.hold_is_met}
"""Conditions that read other streams. The reader of an item checks the mandate; a hold never binds a person."""
BALLOTS: Final[Mapping[Any, Callable[[DeploymentRequest], Ballot | None]]] = {
    rules.is_endorsed: on_revision,
    extension.is_endorsed: on_extension,
}
"""By rule: the endorsements that it counts."""
AWAITED: Final = tuple(step for step in STEPS if step.awaited is not None)
Part = tuple[object, ...]
ACTIONS: Final = tuple(step.action for step in AWAITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedStep:
    """One step that waits for a person with this role in this authority, from `since` to before `until`.

    region: None unless a mandate of the authority must cover it. for_all: whether it waits for all of them but the
    `exceptions`; otherwise it waits for the exceptions alone. apart: persons for whom, and on behalf of whom, no deputy
    takes it; None: no deputy does at all.
    """

    action: str
    authority: AuthorityCode
    role: Role
    since: datetime
    until: datetime | None
    due: datetime | None
    why: str
    region: Region | None
    for_all: bool
    exceptions: frozenset[Person]
    apart: frozenset[Person] | None

    def waits_for(self, actor: Actor, now: datetime, holds: Collection[Region]) -> bool:
        """holds: the regions over which the actor's authority holds a mandate then."""
        return (
            self.authority == actor.authority
            and self._is_for(actor)
            and self.role in actor.roles
            and self.since <= now
            and (self.until is None or now < self.until)
            and (self.region is None or any(covers(held, self.region) for held in holds))
        )

    def _is_for(self, actor: Actor) -> bool:
        if actor.on_behalf_of is None:
            return self.for_all == (actor.person not in self.exceptions)
        return self.apart is not None and self.apart.isdisjoint(actor.persons)


def awaited_steps(request: DeploymentRequest) -> Iterator[AwaitedStep]:
    parts = _parts(request)
    for step in AWAITED:
        if request.status in step.states and (found := _awaited(step, request, parts)) is not None:
            yield found


def _awaited(
    step: Step[DeploymentRequest, Any, Any], request: DeploymentRequest, parts: Mapping[Person, Part]
) -> AwaitedStep | None:
    awaited = step.awaited
    if awaited is None or (since := awaited.since(request)) is None:
        return None
    context = Context(actor=SYSTEM, now=since, subject=request.id)
    anybody = (awaited.by or step.by).somebody(request, context)
    context = context.as_actor(anybody)
    for_all = _may(step, request, context)
    verdicts: dict[Part, bool] = {}
    exceptions = set()
    for person, part in parts.items():
        if part not in verdicts:
            known = replace(anybody, issuer=person[0], subject=person[1])
            verdicts[part] = _may(step, request, context.as_actor(known))
        if verdicts[part] != for_all:
            exceptions.add(person)
    if not for_all and not exceptions:
        return None
    return AwaitedStep(
        action=step.action,
        authority=anybody.authority,
        role=anybody.roles[0],
        since=since,
        until=awaited.until(request),
        due=awaited.due(request),
        why=awaited.why(request),
        region=None if MANDATES.isdisjoint(step.conditions) else request.region,
        for_all=for_all,
        exceptions=frozenset(exceptions),
        apart=frozenset(exceptions.union(_voters(step, request))) if for_all else None,
    )


def _voters(step: Step[DeploymentRequest, Any, Any], request: DeploymentRequest) -> Iterator[Person]:
    """The persons whose endorsements the step counts: no deputy decides for one of them, or as one of them."""
    for rule, put_to_the_vote in BALLOTS.items():
        ballot = put_to_the_vote(request) if rule in step.conditions else None
        for each in ballot.endorsements if ballot else ():
            yield from each.persons


def _may(step: Step[DeploymentRequest, Any, Any], request: DeploymentRequest, context: Context) -> bool:
    """Whether the actor is awaited and may take the step, conditions that are judged elsewhere aside."""
    those = (step.by,) if step.awaited is None or step.awaited.by is None else (step.by, step.awaited.by)
    return all(verdict.met for by in those for verdict in by.judge(request, context)) and all(
        verdict.met or not verdict.binding
        for condition in step.conditions
        if condition not in ELSEWHERE
        for verdict in condition(request, context)
    )


def _parts(request: DeploymentRequest) -> Mapping[Person, Part]:
    """Each person who has a part in the request, with everything that rules about persons read: equal parts, equal
    verdicts. Of a person's endorsements of a revision, the last one counts."""
    parts: dict[Person, Part] = {}
    for kind, each in (
        *(("author", part.person) for part in request.authors),
        *(("proposal", each) for each in (request.proposal.persons if request.proposal else ())),
        *(("recusal", part.person) for part in request.recusals),
        *_votes("revision", request.endorsements, request),
        *_votes("extension", _of_extension(request), request),
    ):
        parts[each] = (*parts.get(each, ()), kind)
    return parts


def _votes(
    on: str, endorsements: tuple[Endorsement, ...], request: DeploymentRequest
) -> Iterator[tuple[object, Person]]:
    for each in endorsements:
        kind = (on, each.recommendation, each.revision == request.revision, request.counts(each))
        yield from ((kind, person) for person in each.persons)


def _of_extension(request: DeploymentRequest) -> tuple[Endorsement, ...]:
    return request.extension.endorsements if request.extension else ()
