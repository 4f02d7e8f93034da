"""Who may take a step on a deployment request: role, side, and whether they are recused or interested."""

from collections.abc import Callable

from domain import authority
from domain.deciding import By, Context, Verdict
from domain.deployment_request.commands import RemarkOnRequest
from domain.deployment_request.state import DeploymentRequest
from domain.marking import viewer
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role, Subject, joined

Side = Callable[[DeploymentRequest], tuple[AuthorityCode, ...]]


def requesting(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.requesting_authority,)


def deciding(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.deciding_authority,)


def either(request: DeploymentRequest) -> tuple[AuthorityCode, ...]:
    return (request.requesting_authority, request.deciding_authority)


def is_visible(request: DeploymentRequest, context: Context) -> bool:
    """Whether the actor may see it."""
    registered = context.actor.is_system or authority.find(context, context.actor.authority) is not None
    return viewer(context.actor, registered=registered, holds=()).sees(request.audience)


def by(
    *roles: Role,
    of: Side,
    disinterested: bool = False,
    recused_too: bool = False,
    or_the_register: bool = False,
) -> By[DeploymentRequest]:
    """Those who act in one of the roles for the side.

    disinterested: not for who submitted or amended it. recused_too: also for who recused themselves.
    or_the_register: a policy may do it as well.
    """

    def judge(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
        actor = context.actor
        if actor.is_system:
            return (_system(or_the_register),)
        verdicts = [_role_and_side(roles, of(request), actor, disinterested)]
        if not recused_too:
            verdicts.append(_not_recused(request, actor, roles, of(request)))
        if disinterested:
            verdicts.append(_not_interested(request, actor, roles, of(request)))
        return tuple(verdicts)

    def somebody(request: DeploymentRequest) -> Actor:
        return Actor(issuer="", subject=Subject(""), authority=of(request)[0], roles=roles)

    return By(judge, somebody)


def by_the_register(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
    return (Verdict(rule="REGISTER", met=context.actor.is_system, description="Only the register itself does this."),)


def the_register(request: DeploymentRequest) -> Actor:
    return SYSTEM


THE_REGISTER = By(by_the_register, the_register)


def internal_is_the_deciders(command: RemarkOnRequest, request: DeploymentRequest, context: Context) -> Verdict:
    return Verdict(
        rule="INTERNAL",
        met=not command.internal or context.actor.authority == request.deciding_authority,
        description=f"Only '{request.deciding_authority}', which decides, makes internal remarks.",
    )


def _system(permitted: bool) -> Verdict:
    return Verdict(rule="ROLE", met=permitted, description="The register does not do this by itself.")


def _who(roles: tuple[Role, ...], side: tuple[AuthorityCode, ...]) -> str:
    article = "an" if roles[0].value[0] in "AIO" else "a"
    return f"{article} {joined([role.lower() for role in roles])} of {joined([repr(str(code)) for code in side])}"


def _role_and_side(
    roles: tuple[Role, ...], side: tuple[AuthorityCode, ...], actor: Actor, disinterested: bool
) -> Verdict:
    further = " who neither recused themselves nor submitted or amended it" if disinterested else ""
    return Verdict(
        rule="ROLE",
        met=actor.authority in side and any(role in actor.roles for role in roles),
        description=f"This is for {_who(roles, side)}{further}.",
    )


def _not_recused(
    request: DeploymentRequest, actor: Actor, roles: tuple[Role, ...], side: tuple[AuthorityCode, ...]
) -> Verdict:
    own = tuple(recusal.position for recusal in request.recusals if recusal.person == actor.person)
    return Verdict(
        rule="RECUSED",
        met=not own,
        description=f"You recused yourself and take no further part: {_who(roles, side)} who did not could do this."
        if own
        else "You did not recuse yourself.",
        subject=actor.subject or None,
        rests_on=own,
    )


def _not_interested(
    request: DeploymentRequest, actor: Actor, roles: tuple[Role, ...], side: tuple[AuthorityCode, ...]
) -> Verdict:
    interested = actor.person in request.authors
    return Verdict(
        rule="INTERESTED",
        met=not interested,
        description="You submitted or amended it, and neither endorse nor decide it: "
        f"{_who(roles, side)} who did not could do this."
        if interested
        else "You neither submitted nor amended it.",
        subject=actor.subject or None,
        rests_on=(request.because[0],) if interested else (),
    )
