"""Reads the input of a dossier from the event store: histories, and the rule results at each decision."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any, Final, TypeVar
from uuid import UUID

from domain import authority
from domain.authority import Authority
from domain.catalogue import evolve
from domain.decider import Context, Step, Verdict, resolve
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.jurisdiction import Mandate, mandates_over
from domain.limits import text_bytes
from domain.markings import of_state, strictest
from domain.recorded_event import Recorded
from domain.vocabulary import AuthorityCode, Marking
from service.event_store.store import EventStore
from service.exchange.dossier.material import DossierEvent, IncidentFile, Material, PrintDetails
from service.exchange.visible_log.explanation import visible_incidents
from service.exchange.visible_log.history import history
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.visibility import Visibility, states

T = TypeVar("T")

ACTIONS: Final[Mapping[str, str]] = {
    "RequestWithdrawn": "WITHDRAW",
    "RequestWithheld": "WITHHOLD",
    "ReviewResumed": "RESUME_REVIEW",
    "RequestApproved": "APPROVE",
    "RequestDenied": "DENY",
    "RequestTakenOver": "TAKE_OVER",
    "ApprovalQuestioned": "QUESTION",
    "ApprovalConfirmed": "CONFIRM",
    "ApprovalRevoked": "REVOKE",
    "ApprovalExpired": "EXPIRE",
    "ExtensionGranted": "GRANT_EXTENSION",
    "ExtensionRefused": "REFUSE_EXTENSION",
}
"""Deciding event -> action of the lifecycle."""

MAX_TEXT: Final = 5_000_000
"""Maximum text in a dossier, in bytes."""

Names = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]
"""(issuer, subject) of persons -> the known names."""


class MaterialReader:
    """Reads the material of one request."""

    def __init__(self, store: EventStore, scope: Scope, visibility: Visibility) -> None:
        """Raises ValueError if the scope has no subject."""
        if scope.subject is None:
            raise ValueError("a dossier is about one request")
        self._store = store
        self._scope = scope
        self._subject = scope.subject
        self._visibility = visibility
        self._visible_request = visibility.of((scope.subject,))[scope.subject]
        self._streams: dict[UUID, list[Recorded[Any]]] = {}
        self._size = 0

    def material(self, names: Names, account: str) -> Material:
        """Reads the material. names: looks up persons' names. account: the operator's account.

        Raises ExportRefused if there is more than MAX_TEXT bytes of text.
        """
        moments = tuple(self._moments(self._subject))
        request = self._visible_request.disclosed(self._folded(self._subject, self._scope.end))
        assert isinstance(request, DeploymentRequest)
        named = dict.fromkeys(incident for moment in moments for incident in moment.step.state.incidents)
        incidents = tuple(self._incidents(named))
        every = (*moments, *(moment for each in incidents for moment in each.moments))
        last = self._stream(self._subject)[-1]
        scope = self._scope
        return Material(
            request=request,
            marking=self._marking(incidents),
            mandate=self._mandate(request),
            moments=moments,
            incidents=incidents,
            hides_incidents=not {each.incident.id for each in incidents}.issuperset(request.incidents),
            names=names({scope.actor.person}.union(*(moment.step.entry.actor.persons for moment in every))),
            authorities=dict(self._authorities(_codes(request, every, incidents))),
            digests=self._store.digests([moment.step.entry.position for moment in every]),
            printed=PrintDetails(
                at=scope.now,
                by=None if scope.actor.is_system else scope.actor,
                account=account,
                as_of=scope.as_of,
                position=last.position,
                recorded_at=last.recorded_at,
            ),
        )

    def _marking(self, incidents: Iterable[IncidentFile]) -> Marking:
        """The marking in force; that of a piece of evidence never changes."""
        subjects = (self._subject, *(each.incident.id for each in incidents))
        now = states(self._store, subjects, self._scope.present, texts=False)
        pieces = (piece.marking for each in incidents for piece in each.evidence)
        return strictest(*map(of_state, now.values()), *pieces)

    def _moments(self, subject: UUID) -> Iterable[DossierEvent]:
        recorded = {each.position: each for each in self._stream(subject)}
        before: Any = None
        for step in history(self._store, replace(self._scope, subject=subject), self._visibility):
            verdicts = self._verdicts(recorded[step.entry.position], before)
            yield DossierEvent(step, before, tuple(verdicts))
            before = step.state

    def _incidents(self, named: Iterable[UUID]) -> Iterable[IncidentFile]:
        visible_streams = self._visibility.of(named)
        for each in named:
            if each in visible_streams and visible_streams[each].visible:
                incident = self._folded(each, self._scope.end)
                if isinstance(incident, Incident):
                    shown = tuple(piece for piece in incident.evidence if piece.id not in visible_streams[each].hidden)
                    yield IncidentFile(incident, tuple(self._moments(each)), shown)

    def _verdicts(self, recorded: Recorded[Any], before: Any) -> Iterable[Verdict]:
        """Results of the rules for the deciding actor at that time; incidents hidden from the viewer are not named."""
        action = ACTIONS.get(type(recorded.event).__name__)
        if action is None:
            return
        step = next(step for step in STEPS if step.action == action)
        seen = visible_incidents(before, self._visibility)
        deliberations = self._visible_request.discloses_deliberations
        yield from self._ask(
            lambda context: _judged(step, before, replace(context, seen=seen, deliberations=deliberations)), recorded
        )

    def _mandate(self, request: DeploymentRequest) -> Mandate | None:
        """The deciding authority's mandate at the time of the decision, or of the last event."""
        events = self._stream(self._subject)
        decided_at = request.decision.position if request.decision else events[-1].position
        recorded = next(each for each in events if each.position == decided_at)
        mandates = self._ask(lambda context: mandates_over(context, request.region), recorded)
        return next((mandate for mandate in mandates if mandate.authority == request.deciding_authority), None)

    def _ask(self, question: Callable[[Context], T], recorded: Recorded[Any]) -> T:
        """Evaluates a question on the states at the time when an event was recorded."""
        consulted: dict[UUID, Any] = {}
        at = recorded.happened_at
        context = Context(actor=recorded.actor, now=at, subject=recorded.stream, consulted=consulted)
        happened_by = at if recorded.occurred_at is not None else None

        def read(streams: Iterable[UUID]) -> None:
            consulted.update((stream, self._folded(stream, recorded.position - 1, happened_by)) for stream in streams)

        return resolve(lambda: question(context), read)

    def _folded(self, stream: UUID, end: int, happened_by: datetime | None = None) -> Any:
        """The state of a stream up to a position.

        happened_by: for an imported event, also limits incidents to what had happened by then.
        """
        state: Any = None
        for recorded in self._stream(stream):
            if recorded.position > end:
                break
            evolved = evolve(state, recorded)
            if happened_by is not None and isinstance(evolved, Incident) and recorded.happened_at > happened_by:
                break
            state = evolved
        return state

    def _stream(self, stream: UUID) -> list[Recorded[Any]]:
        if stream not in self._streams:
            self._streams[stream] = list(self._read(stream))
        return self._streams[stream]

    def _read(self, stream: UUID) -> Iterator[Recorded[Any]]:
        for recorded in chain.from_iterable(self._store.pages([(stream, 0)])):
            if recorded.position <= self._scope.end:
                self._size += text_bytes(recorded.event)
                if self._size > MAX_TEXT:
                    raise ExportRefused(
                        f"it would hold more than {MAX_TEXT // 10**6} MB of text, the most that is printed: "
                        "'mandate export' has all of it"
                    )
                yield recorded

    def _authorities(self, codes: Iterable[str]) -> Iterable[tuple[str, str]]:
        for code in codes:
            found = self._folded(authority.stream_of(AuthorityCode(code)), self._scope.end)
            if isinstance(found, Authority):
                yield code, found.name


def _judged(step: Step[Any, Any, Any], before: Any, context: Context) -> tuple[Verdict, ...]:
    conditions = (verdict for condition in step.conditions for verdict in condition(before, context))
    return (*step.by.judge(before, context), *conditions)


def _codes(request: DeploymentRequest, moments: Iterable[DossierEvent], incidents: Iterable[IncidentFile]) -> set[str]:
    """Codes of all authorities in the material."""
    codes = {request.requesting_authority, *request.deciders, *((request.successor,) if request.successor else ())}
    codes |= {moment.step.entry.actor.authority for moment in moments}
    return {str(code) for code in codes.union(*(each.incident.referred_to for each in incidents))}
