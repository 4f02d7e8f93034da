"""What must hold of a log, derived from the bare events and the rules. Shares no code with `decide`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain.deployment_request import events as e
from domain.deployment_request.events import Recommendation
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.incident.events import AttributionRetracted, FindingQuestioned, IncidentAttributed
from domain.jurisdiction import MandateEnded, MandateGranted
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, AnalyticConfidence, AuthorityCode, IncidentId, Likelihood, Person
from tests.domain.case import REQUEST

Log = list[Recorded[Any]]
Found = tuple[int, IncidentAttributed | FindingQuestioned | None]
"""A version, and what was found; FindingQuestioned where it is to be reaffirmed, None where it was retracted."""
DECIDES = (
    e.ReviewBegun,
    e.RequestWithheld,
    e.ReviewResumed,
    e.RequestEndorsed,
    e.EndorsementChanged,
    e.RequestApproved,
    e.RequestDenied,
    e.ApprovalConfirmed,
    e.ApprovalRevoked,
    e.FulfilmentAccepted,
    e.FulfilmentSentBack,
    NoticeGiven,
    e.ExtensionEndorsed,
    e.ExtensionGranted,
    e.ExtensionRefused,
)


def of_request(log: Log, *kinds: type[Any]) -> Log:
    return [each for each in log if each.stream == REQUEST and isinstance(each.event, kinds or object)]


def interested(log: Log) -> set[tuple[str, str]]:
    """Who submitted, amended, asked for an extension, or recused themselves."""
    acts = (e.RequestSubmitted, e.RequestAmended, e.ExtensionAsked, e.ReviewerRecused)
    return {person for each in of_request(log, *acts) for person in each.actor.persons}


def decided_by_the_interested(log: Log) -> list[str]:
    return [
        f"{type(each.event).__name__} by {each.actor.subject}"
        for index, each in enumerate(log)
        if isinstance(each.event, DECIDES) and interested(log[:index]).intersection(each.actor.persons)
    ]


def unendorsed_approvals(log: Log) -> list[str]:
    """Approvals and grants without their endorsements, counted again at the moment at which they were given."""
    wrong = []
    for index, each in enumerate(log):
        if isinstance(each.event, e.RequestApproved | e.ExtensionGranted):
            before = log[:index]
            recused = {person for one in of_request(before, e.ReviewerRecused) for person in one.actor.persons}
            every = [vote for vote in _votes(_endorsing(before, each.event)) if not vote[0] & recused]
            if sum(len(whose) for whose, _ in every) != len(set().union(*(whose for whose, _ in every))):
                wrong.append("a person has a part in two endorsements")
            own = [vote for vote in every if vote[0].intersection(each.actor.persons)]
            if own and each.actor.on_behalf_of:
                wrong.append("a deputy decided on what one of the two had endorsed")
            votes = [recommended for whose, recommended in every if (whose, recommended) not in own]
            favour, against = votes.count(Recommendation.APPROVE), votes.count(Recommendation.DENY)
            quorum = of_request(before, e.RequestSubmitted, RequestTakenOver)[-1].event.endorsements_required
            if favour < quorum or favour <= against:
                wrong.append(f"{favour} for, {against} against, {quorum} needed")
    return wrong


def _votes(endorsing: Log) -> list[tuple[set[Person], Recommendation]]:
    """The last word of everybody who endorsed, with all who had a part in it."""
    votes: list[tuple[set[Person], Recommendation]] = []
    for each in endorsing:
        whose = set(each.actor.persons)
        if isinstance(each.event, e.EndorsementChanged):
            changed = [vote for vote in votes if vote[0] & whose]
            votes = [vote for vote in votes if vote not in changed]
            whose = whose.union(*(vote[0] for vote in changed))
        votes.append((whose, each.event.recommendation))
    return votes


def _endorsing(log: Log, decision: e.RequestApproved | e.ExtensionGranted) -> Log:
    """The endorsements of the revision that is approved, or of the extension that is granted."""
    if isinstance(decision, e.ExtensionGranted):
        asked = of_request(log, e.ExtensionAsked)[-1]
        return [each for each in of_request(log, e.ExtensionEndorsed) if each.position > asked.position]
    revision = 1 + len(of_request(log, e.RequestAmended, RequestTakenOver))
    every = of_request(log, e.RequestEndorsed, e.EndorsementChanged)
    return [each for each in every if each.event.revision == revision]


def granted_ends(log: Log) -> tuple[datetime, datetime | None]:
    """The end of the granted period and of the validity, by the approval and the extensions since."""
    [approved] = of_request(log, e.RequestApproved)
    untils = [each.event.until for each in of_request(log, e.ExtensionGranted)]
    valid = approved.event.valid_until
    return max((approved.event.period.end, *untils)), valid and max((valid, *untils))


def wrongly_extended(log: Log) -> list[str]:
    """Grants of what was not asked for last, was refused, or is past; of a questioned approval; of one that ended."""
    wrong = []
    for index, each in enumerate(log):
        if not isinstance(each.event, e.ExtensionGranted):
            continue
        before = of_request(log[:index], e.ExtensionAsked, e.ExtensionGranted, e.ExtensionRefused)
        asked = before[-1].event if before else None
        if not isinstance(asked, e.ExtensionAsked) or asked.until != each.event.until:
            wrong.append(f"at {each.position}: it was not asked for")
        end, valid = granted_ends(log[:index])
        if each.event.until <= (min(end, valid) if valid else end):
            wrong.append(f"at {each.position}: it ends no later")
        doubts = of_request(log[:index], e.ApprovalQuestioned, e.ApprovalConfirmed)
        if doubts and isinstance(doubts[-1].event, e.ApprovalQuestioned):
            wrong.append(f"at {each.position}: it was questioned")
        if of_request(log[:index], e.ApprovalRevoked, e.ApprovalExpired):
            wrong.append(f"at {each.position}: it had ended")
    return wrong


def unheard(log: Log) -> list[str]:
    """Denials and revocations before which somebody was not heard who had to be, or that are urgent without need."""
    wrong = []
    for index, each in enumerate(log):
        if not isinstance(each.event, e.RequestDenied | e.ApprovalRevoked):
            continue
        before = log[:index]
        ended = of_request(before, e.RequestAmended, e.RequestApproved, e.ApprovalConfirmed, RequestTakenOver)
        since = ended[-1].position if ended else 0
        told = [one for one in of_request(before, NoticeGiven, StatementMade) if one.position > since]
        said = bool(told) and isinstance(told[-1].event, StatementMade)
        passed = bool(told) and isinstance(told[-1].event, NoticeGiven) and told[-1].event.until <= each.happened_at
        required = of_request(before, e.RequestSubmitted, RequestTakenOver)[-1].event.hearing
        if (each.event.urgency is not None) is not (required and not said and not passed):
            wrong.append(f"{type(each.event).__name__} at {each.position}")
    return wrong


def successor(log: Log, now: datetime) -> AuthorityCode | None:
    """Who is to take over an undecided request, where there is one mandate at a time. Of a decided one: who was."""
    decider, asks, named, holder = AuthorityCode(""), AuthorityCode(""), None, None
    for each in log:
        match each.event:
            case MandateGranted() as event:
                holder = event.authority
            case MandateEnded():
                holder = None
            case e.RequestSubmitted() as event:
                decider, asks = event.deciding_authority, event.requesting_authority
            case RequestTakenOver() as event:
                decider, named = event.deciding_authority, None
            case SuccessorNamed() as event:
                named = event.successor
            case _:
                pass
    if of_request(log, e.RequestApproved, e.RequestDenied, e.RequestWithdrawn):
        return named
    return holder if holder not in (decider, asks) else None


def found_on(log: Log, incident: IncidentId) -> list[Found]:
    """All that was found on an incident."""
    mine = [each for each in log if each.stream == incident]
    return [
        (each.version, None if isinstance(each.event, AttributionRetracted) else each.event)
        for each in mine
        if isinstance(each.event, IncidentAttributed | FindingQuestioned | AttributionRetracted)
    ]


def reaches(finding: IncidentAttributed | e.Ground, likelihood: Likelihood, confidence: AnalyticConfidence) -> bool:
    bands, grades = list(Likelihood), list(AnalyticConfidence)
    likely = bands.index(finding.likelihood) >= bands.index(likelihood)
    return likely and grades.index(finding.confidence) >= grades.index(confidence)


def suffices(log: Log, incident: IncidentId, hold: e.RequestWithheld) -> bool:
    last = found_on(log, incident)[-1:]
    return any(
        isinstance(finding, IncidentAttributed)
        and finding.responsible_party is not None
        and reaches(finding, hold.minimum_likelihood, hold.minimum_confidence)
        for _, finding in last
    )


def last_hold(log: Log) -> e.RequestWithheld | None:
    holds = of_request(log, e.RequestWithheld)
    return holds[-1].event if holds else None


def fallen_grounds(log: Log) -> set[IncidentId]:
    """The incidents whose findings, on which the last approval or confirmation rested, fell since."""
    rested = of_request(log, e.RequestApproved, e.ApprovalConfirmed)
    return {ground.incident for ground in (rested[-1].event.grounds if rested else ()) if _fell(log, ground)}


def _fell(log: Log, ground: e.Ground) -> bool:
    hold = last_hold(log)
    asked = (
        (hold.minimum_likelihood, hold.minimum_confidence) if hold else (Likelihood.LIKELY, AnalyticConfidence.MODERATE)
    )
    for version, finding in found_on(log, ground.incident):
        if version <= ground.version:
            continue
        if not isinstance(finding, IncidentAttributed):
            return True
        if ground.responsible_party is None:
            continue
        if finding.responsible_party != ground.responsible_party:
            return True
        if reaches(ground, *asked) and not reaches(finding, *asked):
            return True
    return False


def groundless_holds(log: Log) -> Iterator[str]:
    """Holds that the register placed without having released the last one itself, or on other terms than those."""
    steps = of_request(log, e.RequestWithheld, e.ReviewResumed)
    for index, each in enumerate(steps):
        if isinstance(each.event, e.RequestWithheld) and each.actor == SYSTEM:
            if index < 2 or steps[index - 1].actor != SYSTEM:
                yield f"at {each.position}: the register had released nothing"
                continue
            before: e.RequestWithheld = steps[index - 2].event
            same = ("minimum_likelihood", "minimum_confidence", "review_by")
            if any(getattr(each.event, name) != getattr(before, name) for name in same):
                yield f"at {each.position}: on other terms"
            if not set(each.event.awaiting) <= set(before.awaiting):
                yield f"at {each.position}: awaiting more"


def unmet_releases(log: Log) -> list[int]:
    """Where the register resumed a review whose hold was not met."""
    return [
        index
        for index, each in enumerate(log)
        if isinstance(each.event, e.ReviewResumed) and each.actor == SYSTEM and not is_met(log[:index])
    ]


def is_met(log: Log) -> bool:
    hold = last_hold(log)
    return hold is not None and all(suffices(log, awaited, hold) for awaited in hold.awaiting)


def lost_releases(log: Log) -> set[IncidentId]:
    """What the register released the last hold on, the request still names, and has no finding that suffices."""
    last = of_request(log, e.RequestWithheld, e.ReviewResumed)[-1:]
    hold = last_hold(log)
    if hold is None or not isinstance(last[0].event, e.ReviewResumed) or last[0].actor != SYSTEM:
        return set()
    return {each for each in set(hold.awaiting) & named(log) if not suffices(log, each, hold)}


def named(log: Log) -> set[IncidentId]:
    """The incidents that the request names or was held for."""
    incidents: set[IncidentId] = set()
    for each in of_request(log, e.RequestSubmitted, e.RequestAmended, e.RequestWithheld):
        match each.event:
            case e.RequestSubmitted(incidents=those) | e.RequestAmended(incidents=tuple() as those):
                incidents = set(those)
            case e.RequestWithheld(awaiting=those):
                incidents |= set(those)
            case _:
                pass
    return incidents


def standing(log: Log) -> set[tuple[IncidentId, int]]:
    """The findings that stand on the incidents of the request: (incident, version)."""
    last = ((incident, found_on(log, incident)[-1:]) for incident in named(log))
    return {(incident, version) for incident, found in last for version, finding in found if finding is not None}


def wrong_grounds(log: Log) -> list[str]:
    """Decisions that do not rest on what stood; or stood a moment before, where that changed at the same moment."""
    wrong = []
    for index, each in enumerate(log):
        if isinstance(each.event, e.RequestApproved | e.RequestDenied | e.ApprovalConfirmed):
            rests = {(ground.incident, ground.version) for ground in each.event.grounds}
            if rests not in (standing(log[:index]), standing(log[: index - 1])):
                wrong.append(f"{type(each.event).__name__} at {each.position}")
    return wrong
