"""What reviewers endorse and an approver then decides on: a revision of the terms, or the extension of an approval."""

from dataclasses import dataclass

from domain.decider import Context, Verdict
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import DeploymentRequest, Endorsement
from domain.vocabulary import Actor

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """endorsements: those that count. number: how many do. position: of the event that put it to the vote.

    subject, kind, decision: in words.
    """

    endorsements: tuple[Endorsement, ...]
    number: int
    subject: str
    kind: str
    decision: str
    position: int

    @property
    def favourable(self) -> int:
        return sum(each.recommendation is Recommendation.APPROVE for each in self.endorsements)

    @property
    def votes(self) -> str:
        favourable = self.favourable
        return f"Endorsements for approval: {favourable}; against: {len(self.endorsements) - favourable}"


def on_revision(request: DeploymentRequest) -> Ballot:
    return Ballot(
        endorsements=tuple(each for each in request.endorsements if request.counts(each)),
        number=request.endorsements_counted,
        subject=f"revision {request.revision}",
        kind="a revision",
        decision="an approval",
        position=request.revised_at,
    )


def on_extension(request: DeploymentRequest) -> Ballot | None:
    """None if no extension is asked for."""
    extension = request.extension
    if extension is None:
        return None
    return Ballot(
        endorsements=tuple(each for each in extension.endorsements if request.counts(each)),
        number=extension.endorsements_counted,
        subject="the extension",
        kind="an extension",
        decision="a grant",
        position=extension.position,
    )


def has_quorum(ballot: Ballot, request: DeploymentRequest, context: Context) -> Verdicts:
    """Whether enough endorsements recommend it, and more than oppose it; the actor's own is not counted."""
    if not context.deliberations:
        return (_is_counted(ballot, request),)
    counted = [each for each in ballot.endorsements if not each.is_of(context.actor)]
    favourable = sum(each.recommendation is Recommendation.APPROVE for each in counted)
    against = len(counted) - favourable
    positions = tuple(endorsement.position for endorsement in counted)
    own = len(ballot.endorsements) > len(counted)
    alone = (_decides_alone(ballot, own, context.actor),) if context.actor.on_behalf_of else ()
    return (
        *alone,
        Verdict(
            rule="ENDORSEMENTS",
            met=favourable >= request.endorsements_required,
            description=_endorsements(ballot, request, favourable) + (" Your own is not counted." if own else ""),
            rests_on=(ballot.position, *positions),
        ),
        Verdict(
            rule="MAJORITY",
            met=favourable > against,
            description=f"{favourable} for approval and {against} against: it takes more for than against.",
            rests_on=positions,
        ),
    )


def is_new(ballot: Ballot, endorsements: tuple[Endorsement, ...], context: Context) -> Verdict:
    """Whether the actor has not endorsed it. endorsements: of it, those that no longer count included."""
    own = [each for each in endorsements if each.is_of(context.actor)]
    text = f"{endorsed(context.actor, bool(own))} {ballot.subject}"
    return Verdict(
        rule="ENDORSED_ONCE",
        met=not own,
        description=f"{text}: each person endorses {ballot.kind} once.",
        rests_on=tuple(endorsement.position for endorsement in own),
    )


def endorsed(actor: Actor, own: bool) -> str:
    """The beginning of a sentence to the actor: 'You have not endorsed'."""
    if actor.on_behalf_of is None:
        return "You have endorsed" if own else "You have not endorsed"
    principal = f"'{actor.on_behalf_of[1]}', for whom you act,"
    return f"You, or {principal} have endorsed" if own else f"Neither you nor {principal} have endorsed"


def _decides_alone(ballot: Ballot, own: bool, actor: Actor) -> Verdict:
    """A deputy decides for nobody what either of the two has endorsed: each may decide for themselves."""
    return Verdict(
        rule="DEPUTY",
        met=not own,
        description=f"{endorsed(actor, own)} {ballot.subject}: if either has, a deputy does not decide on it for the "
        "other, but each of you may for yourselves.",
    )


def _is_counted(ballot: Ballot, request: DeploymentRequest) -> Verdict:
    """For those who may not read the endorsements: whether there are enough, whatever they recommend."""
    number, needed = ballot.number, request.endorsements_required
    return Verdict(
        rule="ENDORSEMENTS",
        met=number >= needed,
        description=f"{number} {'endorsement' if number == 1 else 'endorsements'} of {ballot.subject}; "
        f"{ballot.decision} needs {needed} that recommend it. What they recommend is internal to "
        f"{request.deciding_authority}.",
        rests_on=(ballot.position,),
    )


def _endorsements(ballot: Ballot, request: DeploymentRequest, favourable: int) -> str:
    needed = request.endorsements_required
    noun = "endorsement" if needed == 1 else "endorsements"
    if favourable > needed:
        return f"{favourable} endorsements of {ballot.subject}, where {ballot.decision} needs {needed}."
    lacking = f": a reviewer of {request.deciding_authority} who is neither recused nor interested can endorse it"
    return (
        f"{favourable} of {needed} {noun} of {ballot.subject} that {ballot.decision} needs"
        f"{lacking if favourable < needed else ''}."
    )
