"""The explanation of a request, from its explanation, its history and its terms."""

from datetime import datetime

from domain.decider import Verdict
from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.state import RequestStatus
from service.cli.error_output import CommandFailed
from service.cli.explanation_content import Explained, ExplainedAction, ExplainedEvent
from service.cli.remote.events import EventAnswer
from service.cli.remote.histories import events, history_page
from service.cli.remote.pages import Struct
from service.cli.remote.server import Server, segment
from service.cli.remote.server_response import NotVisible
from service.exchange.visible_log.refused import REQUEST, unseen
from service.exchange.visible_log.status_text import AFTER_APPROVAL, StatusFacts, status_text

TRIES = 3


class At(Struct):
    position: str


class RuleAnswer(Struct):
    rule: str
    met: bool
    description: str
    subject: str | None


class ActionAnswer(Struct):
    action: str
    possible: bool
    available_to_viewer: bool
    rules: tuple[RuleAnswer, ...]


class ExplanationAnswer(Struct):
    because: tuple[At, ...]
    actions: tuple[ActionAnswer, ...]


class RequestExplained(Struct):
    reference: str
    status: str
    version: int
    explanation: ExplanationAnswer


class HoldAnswer(Struct):
    held_since: datetime


class DecisionAnswer(Struct):
    outcome: DecisionOutcome
    decided_at: datetime
    conditions: tuple[Struct, ...]


class ExtensionAnswer(Struct):
    until: datetime


class HearingAnswer(Struct):
    notice_at: datetime
    until: datetime
    statement_at: datetime | None


class RequestTerms(Struct):
    status: RequestStatus
    version: int
    hold: HoldAnswer | None
    decision: DecisionAnswer | None
    extension: ExtensionAnswer | None
    hearing: HearingAnswer | None


def explain(server: Server, reference: str) -> Explained:
    """Raises ExportRefused, CommandFailed, Unavailable."""
    path = f"/requests/{segment(reference)}"
    try:
        for _ in range(TRIES):
            explained = server.get(f"{path}/explanation", RequestExplained, asOf=server.as_of)
            request = server.get(path, RequestTerms, asOf=server.as_of)
            first = history_page(server, REQUEST, reference)
            history = list(events(server, REQUEST, reference, first))
            if explained.version == request.version == history[-1].version:
                return _explained(server.as_of, explained, request, history)
    except NotVisible:
        raise unseen(reference, (REQUEST,), by_then=server.as_of is not None) from None
    raise CommandFailed(f"{reference} is being changed at the moment: ask again")


def _explained(
    as_of: datetime | None, explained: RequestExplained, request: RequestTerms, history: list[EventAnswer]
) -> Explained:
    led_here = {each.position for each in explained.explanation.because}
    return Explained(
        reference=explained.reference,
        status=explained.status,
        version=explained.version,
        as_of=as_of,
        standing=status_text(_facts(request), ((each.type, each.happened_at) for each in history)),
        because=tuple(
            ExplainedEvent(
                position=int(each.position),
                type=each.type,
                happened_at=each.happened_at,
                recorded_at=each.recorded_at,
                actor=each.who,
                names=each.names,
            )
            for each in history
            if each.position in led_here or each.type in AFTER_APPROVAL
        ),
        actions=tuple(
            ExplainedAction(
                action=each.action,
                possible=each.possible,
                available=each.available_to_viewer,
                rules=tuple(
                    Verdict(rule=rule.rule, met=rule.met, description=rule.description, subject=rule.subject)
                    for rule in each.rules
                ),
            )
            for each in explained.explanation.actions
        ),
    )


def _facts(request: RequestTerms) -> StatusFacts:
    hold, decision, extension, hearing = request.hold, request.decision, request.extension, request.hearing
    return StatusFacts(
        status=request.status,
        held_since=hold.held_since if hold else None,
        outcome=decision.outcome if decision else None,
        decided_at=decision.decided_at if decision else None,
        has_conditions=bool(decision and decision.conditions),
        extension_until=extension.until if extension else None,
        notice_at=hearing.notice_at if hearing else None,
        statement_until=hearing.until if hearing else None,
        statement_at=hearing.statement_at if hearing else None,
    )
