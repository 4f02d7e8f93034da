"""The steps of a request that wait for somebody, derived from the lifecycle table: what the inbox stores and finds."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.decider import Context, Step
from domain.deployment_request import rules, succession
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest, Endorsement, Person
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Region, Role, covers

MANDATES: Final = frozenset({rules.mandate_covers, succession.mandate_covers})
ELSEWHERE: Final = MANDATES | {rules.hold_is_met}
"""Conditions that read other streams. The reader of an item checks the mandate; a hold never binds a person."""
AWAITED: Final = tuple(step for step in STEPS if step.awaited is not None)
Part = tuple[object, ...]
ACTIONS: Final = tuple(step.action for step in AWAITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedStep:
    """One step that waits for a person with this role in this authority, from `since` to before `until`.

    region: None unless a mandate of the authority must cover it. for_all: whether it waits for all of them but the
    `exceptions`; otherwise it waits for the exceptions alone.
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

    def waits_for(self, actor: Actor, now: datetime, holds: Collection[Region]) -> bool:
        """holds: the regions over which the actor's authority holds a mandate then."""
        return (
            (self.authority, self.for_all) == (actor.authority, actor.person not in self.exceptions)
            and self.role in actor.roles
            and self.since <= now
            and (self.until is None or now < self.until)
            and (self.region is None or any(covers(held, self.region) for held in holds))
        )


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
    )


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
        *(("proposal", each.by) for each in (request.proposal,) if each is not None),
        *(("recusal", part.person) for part in request.recusals),
        *(((e.recommendation, e.revision == request.revision), e.by.person) for e in request.endorsements),
        *((("extension", e.recommendation), e.by.person) for e in _of_extension(request)),
    ):
        parts[each] = (*parts.get(each, ()), kind)
    return parts


def _of_extension(request: DeploymentRequest) -> tuple[Endorsement, ...]:
    return request.extension.endorsements if request.extension else ()
