"""Generated lives of requests and incidents: each step has a delay and the events that it records."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks.random_actors import FORCES, KINDS, MARKINGS, PLACES, REQUESTERS, Cast, decider_of, rested_on
from domain import number_series
from domain.deployment_request import events as request
from domain.incident import events as incident
from domain.number_series import NumberAssigned
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Latitude,
    Likelihood,
    Location,
    Longitude,
    Quorum,
    Role,
    SourceReliability,
    Strength,
)
from service.event_store.records import StreamVersion


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """The events of one command and the streams it consulted. after: delay since the previous step."""

    after: timedelta
    command: str
    actor: Actor
    written: tuple[tuple[UUID, Any], ...]
    consulted: tuple[StreamVersion, ...]


Life = Iterator[RecordedCommand]


@dataclass(slots=True)
class World:
    """State shared by lives: numbers, and the latest incidents with a finding of a responsible party."""

    cast: Cast
    numbers: dict[str, int] = field(default_factory=dict)
    attributed: list[tuple[IncidentId, request.Ground]] = field(default_factory=list)

    def number(self, code: AuthorityCode, year: int, kind: str, subject: UUID) -> tuple[str, tuple[UUID, Any]]:
        """The next reference, and the event that records it."""
        series = number_series.series(code, year, kind)
        self.numbers[series] = self.numbers.get(series, 0) + 1
        written = (number_series.stream_of(series), NumberAssigned(subject=subject))
        return f"{series}-{self.numbers[series]:04}", written


def life_of_incident(world: World, at: datetime) -> Life:
    """Reported, evidence recorded, attributed, sometimes retracted and attributed again."""
    cast = world.cast
    stream, place, code = IncidentId(cast.id()), cast.one(PLACES), cast.one(REQUESTERS)
    investigator = cast.official(decider_of(place), Role.INVESTIGATOR)
    reporter = cast.official(code, Role.REQUESTER)
    reference, number = world.number(code, at.year, "i", stream)
    reported = incident.IncidentReported(
        reference=reference,
        kind=cast.one(KINDS),
        description=cast.text(),
        region=place,
        location=Location(latitude=Latitude(42.9), longitude=Longitude(20.7), description=cast.text()),
        occurred_at=at - cast.days(0, 2),
        marking=cast.one(MARKINGS[:18]),
        covered_by=(decider_of(place),),
    )
    yield RecordedCommand(
        timedelta(), "ReportIncident", reporter, ((stream, reported), number), rested_on(reporter, place)
    )
    version, found = 1, 0
    while found < 1 or cast.chance(0.2):
        pieces = tuple(EvidenceId(cast.id()) for _ in range(1 + int(cast.random.random() * 4)))
        for piece in pieces:
            version += 1
            evidence = incident.EvidenceRecorded(
                evidence=piece,
                summary=cast.text(),
                marking=reported.marking,
                source_reliability=cast.one(tuple(SourceReliability)),
                information_credibility=cast.one(tuple(InformationCredibility)),
            )
            yield RecordedCommand(
                cast.days(0.2, 5), "RecordEvidence", reporter, ((stream, evidence),), rested_on(reporter)
            )
        version, found = version + 1, found + 1
        attributed = incident.IncidentAttributed(
            responsible_party=cast.text(),
            likelihood=Likelihood.VERY_LIKELY,
            confidence=cast.one((AnalyticConfidence.MODERATE, AnalyticConfidence.HIGH)),
            basis=cast.text(),
            evidence=pieces,
        )
        yield RecordedCommand(
            cast.days(1, 9), "AttributeIncident", investigator, ((stream, attributed),), rested_on(investigator, place)
        )
        ground = request.Ground(
            incident=stream,
            version=version,
            responsible_party=attributed.responsible_party,
            likelihood=attributed.likelihood,
            confidence=attributed.confidence,
        )
        world.attributed = [*world.attributed[-199:], (stream, ground)]


def life_of_request(world: World, at: datetime) -> Life:
    """Submitted, reviewed, sometimes withheld, endorsed, decided, and what follows; one in twenty stays open."""
    course = _Course(world, at)
    yield course.submitted()
    yield from course.remarks(0.3)
    if not world.cast.chance(0.05):
        yield from course.review()
        yield from course.endorsements()
        yield from course.decision()
        yield from course.remarks(0.39)


class _Course:
    """The course of one request."""

    def __init__(self, world: World, at: datetime) -> None:
        cast = self._cast = world.cast
        self._world = world
        self._at = at
        self._stream = cast.id()
        self._place = cast.one(PLACES)
        self._code = cast.one(REQUESTERS)
        self._decider = decider_of(self._place)
        self._requester = cast.official(self._code, Role.REQUESTER)
        self._reviewer = cast.official(self._decider, Role.REVIEWER)
        attributed = [cast.one(tuple(world.attributed))] if world.attributed and cast.chance(0.35) else []
        self._incidents = tuple(found for found, _ in attributed)
        self._grounds = tuple(ground for _, ground in attributed)
        self._strength = Strength(20 + int(cast.random.random() * 400))
        self._period = cast.period(at)
        self._revision = 1

    def submitted(self) -> RecordedCommand:
        cast = self._cast
        reference, number = self._world.number(self._code, self._at.year, "", self._stream)
        event = request.RequestSubmitted(
            reference=reference,
            requesting_authority=self._code,
            deciding_authority=self._decider,
            endorsements_required=Quorum(1),
            force=cast.one(FORCES),
            strength=self._strength,
            region=self._place,
            purpose=cast.text(),
            period=self._period,
            incidents=self._incidents,
            marking=cast.one(MARKINGS),
        )
        consulted = rested_on(self._requester, self._place)
        return RecordedCommand(
            timedelta(), "SubmitRequest", self._requester, ((self._stream, event), number), consulted
        )

    def remarks(self, share: float) -> Life:
        while self._cast.chance(share):
            who = self._cast.one((self._requester, self._reviewer))
            internal = who is self._reviewer and self._cast.chance(0.3)
            event = request.RequestRemarked(reason=self._cast.text(), internal=internal)
            yield self._command(0.1, 6, "RemarkOnRequest", who, event)

    def review(self) -> Life:
        """The review: with a hold if the request names an incident, and amendments."""
        cast, reviewer = self._cast, self._reviewer
        yield self._command(0.5, 9, "BeginReview", reviewer, request.ReviewBegun(reason=cast.text()))
        yield from self.remarks(0.4)
        if self._incidents and cast.chance(0.6):
            held = request.RequestWithheld(
                reason=cast.text(),
                awaiting=self._incidents,
                minimum_likelihood=Likelihood.LIKELY,
                minimum_confidence=AnalyticConfidence.MODERATE,
                review_by=self._at + cast.days(30, 60),
            )
            yield self._command(0.5, 9, "WithholdRequest", reviewer, held)
            yield from self.remarks(0.4)
            resumed = request.ReviewResumed(reason=cast.text(), grounds=self._grounds)
            yield self._command(3, 40, "ResumeReview", reviewer, resumed)
        while cast.chance(0.25):
            self._revision += 1
            amended = request.RequestAmended(purpose=cast.text(), reason=cast.text())
            yield self._command(0.5, 9, "AmendRequest", self._requester, amended)

    def endorsements(self) -> Life:
        endorsers: tuple[Actor, ...] = ()
        while len(endorsers) < 4 and (not endorsers or self._cast.chance(0.5)):
            endorser = self._cast.official(self._decider, Role.REVIEWER, endorsers)
            endorsers += (endorser,)
            event = request.RequestEndorsed(
                recommendation=request.Recommendation.APPROVE, reason=self._cast.text(), revision=self._revision
            )
            yield self._command(0.2, 5, "EndorseRequest", endorser, event)

    def decision(self) -> Life:
        """The decision: a tenth is withdrawn, a quarter denied, the rest approved."""
        cast, approver = self._cast, self._cast.official(self._decider, Role.APPROVER)
        outcome = cast.random.random()
        if outcome < 0.1:
            withdrawn = request.RequestWithdrawn(reason=cast.text())
            yield self._command(0.5, 9, "WithdrawRequest", self._requester, withdrawn)
        elif outcome < 0.35:
            denied = request.RequestDenied(reason=cast.text(), grounds=self._grounds)
            yield self._command(0.5, 9, "DenyRequest", approver, denied)
        else:
            approved = self._approved()
            yield self._command(0.5, 9, "ApproveRequest", approver, approved)
            for condition in approved.conditions:
                reported = request.FulfilmentReported(condition=condition.id, report=cast.text())
                yield self._command(3, 30, "ReportFulfilment", self._requester, reported)
            if cast.chance(0.2):
                yield self._command(5, 40, "RevokeApproval", approver, request.ApprovalRevoked(reason=cast.text()))

    def _approved(self) -> request.RequestApproved:
        cast = self._cast
        conditions = tuple(
            request.ConditionSet(id=ConditionId(cast.id()), text=cast.text(), due_by=self._at + cast.days(60, 90))
            for _ in range(int(cast.random.random() * 3))
        )
        return request.RequestApproved(
            reason=cast.text(),
            strength=self._strength,
            period=self._period,
            conditions=conditions,
            grounds=self._grounds,
        )

    def _command(self, least: float, most: float, command: str, actor: Actor, event: Any) -> RecordedCommand:
        """A command, a random number of days after the previous step."""
        return RecordedCommand(self._cast.days(least, most), command, actor, ((self._stream, event),), rested_on(actor))
