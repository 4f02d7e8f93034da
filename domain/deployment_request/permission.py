"""Permissions on a deployment request, by role, side, recusal and interest."""

from collections.abc import Callable
from functools import cache

from domain.decider import By, Context, Verdict
from domain.deployment_request.commands import RemarkOnRequest
from domain.deployment_request.state import DeploymentRequest, Part
from domain.vocabulary import Actor, AuthorityCode, Role, Subject, joined

Side = Callable[[DeploymentRequest], tuple[AuthorityCode, ...]]


def requesting(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.requesting_authority,)


def deciding(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.deciding_authority,)


def succeeding(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    """The authority that is to take over; while there is none, the deciding one."""
    return (request.successor or request.deciding_authority,)


def either(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.requesting_authority, request.deciding_authority)


def by(
    *roles: Role,
    of: Side,
    disinterested: bool = False,
    recused_too: bool = False,
    or_the_register: bool = False,
) -> By[DeploymentRequest]:
    """Actors with one of the roles, of an authority on the side `of`.

    disinterested: excludes those who submitted or amended it, or asked to extend its approval.
    recused_too: includes those who recused themselves.
    or_the_register: includes policies.
    """

    def judge(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
        who = _who(roles, of(request))
        qualified = f"{who} who is neither recused nor interested" if disinterested else who
        if context.actor.is_system:
            return (by_the_register_too(or_the_register, qualified),)
        verdicts = [_role_and_side(roles, of(request), context.actor, qualified)]
        if not recused_too:
            verdicts.append(not_recused(request, context.actor, qualified if disinterested else f"{who} who is not"))
        if disinterested:
            verdicts.append(_not_interested(request, context.actor, qualified))
        return tuple(verdicts)

    def somebody(request: DeploymentRequest, context: Context) -> Actor:
        return Actor(issuer="", subject=Subject(""), authority=of(request)[0], roles=roles)

    return By(judge, somebody)


def internal_is_the_deciders(command: RemarkOnRequest, request: DeploymentRequest, context: Context) -> Verdict:
    """Only the deciding authority makes internal remarks."""
    return Verdict(
        rule="INTERNAL",
        met=not command.internal or context.actor.authority == request.deciding_authority,
        description=f"Only {request.deciding_authority}, which decides, makes internal remarks: make one that is not.",
    )


@cache
def _who(roles: tuple[Role, ...], side: tuple[AuthorityCode, ...]) -> str:
    """'an approver of kfor'."""
    article = "an" if roles[0].value[0] in "AIO" else "a"
    return f"{article} {joined([role.lower() for role in roles])} of {joined(side)}"


def by_the_register_too(permitted: bool, who: str) -> Verdict:
    by_itself = "The register may do this by itself" if permitted else "The register never does this by itself"
    return Verdict(rule="ROLE", met=permitted, description=f"{by_itself}; otherwise this takes {who}.")


def _role_and_side(roles: tuple[Role, ...], side: tuple[AuthorityCode, ...], actor: Actor, who: str) -> Verdict:
    met = actor.authority in side and any(role in actor.roles for role in roles)
    return Verdict(rule="ROLE", met=met, description=f"This takes {who}.")


def not_recused(request: DeploymentRequest, actor: Actor, who: str) -> Verdict:
    rest = f"no further part, except for remarks: this takes {who}."
    return _has_no_part(
        "RECUSED",
        request.recusals,
        actor,
        (f"You are recused and take {rest}", f"{_principal(actor)} is recused and takes {rest}"),
        "You are not recused.",
    )


def _not_interested(request: DeploymentRequest, actor: Actor, who: str) -> Verdict:
    acted, rest = (
        "submitted or amended the request, or asked to extend its approval",
        f"interested in it: this takes {who}.",
    )
    return _has_no_part(
        "INTERESTED",
        request.authors,
        actor,
        (f"You {acted}, and are {rest}", f"{_principal(actor)} {acted}, and is {rest}"),
        "You neither submitted nor amended the request, nor asked to extend its approval.",
    )


def _principal(actor: Actor) -> str:
    return "" if actor.on_behalf_of is None else f"'{actor.on_behalf_of[1]}', for whom you act,"


def _has_no_part(rule: str, parts: tuple[Part, ...], actor: Actor, unmet: tuple[str, str], met: str) -> Verdict:
    """Neither the actor nor the person for whom they act. unmet: what is said if the one has a part, or the other."""
    own = [part for part in parts if part.person in actor.persons]
    is_actors = any(part.person == actor.person for part in own)
    positions = tuple(dict.fromkeys(part.position for part in own))
    return Verdict(
        rule=rule,
        met=not own,
        description=(unmet[0] if is_actors else unmet[1]) if own else met,
        subject=actor.subject or None,
        rests_on=positions,
    )


requester = by(Role.REQUESTER, of=requesting)
reviewer = by(Role.REVIEWER, of=deciding, disinterested=True)
reviewer_or_register = by(Role.REVIEWER, of=deciding, disinterested=True, or_the_register=True)
reviewer_or_approver = by(Role.REVIEWER, Role.APPROVER, of=deciding, disinterested=True)
approver = by(Role.APPROVER, of=deciding, disinterested=True)
successor = by(Role.APPROVER, of=succeeding, disinterested=True)
participant = by(Role.REQUESTER, Role.REVIEWER, Role.APPROVER, of=either, recused_too=True)
