"""Where a request stands, in words: an approval tells that it was questioned, confirmed, revoked, or has expired."""

from collections import Counter
from dataclasses import replace

from domain.catalogue import DEPLOYMENT_REQUEST, fold
from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.state import RequestStatus
from service.exchange.visible_log.status_text import AFTER_APPROVAL, StatusFacts, status_text
from tests.service.exchange.exports.exporter import Exporter

TOLD = {
    None: "",
    "ApprovalQuestioned": "waits to be confirmed or revoked.",
    "ApprovalConfirmed": "It was confirmed on ",
    "ExtensionGranted": "It was extended on ",
    "ExtensionRefused": "An extension was refused on ",
    "ApprovalRevoked": "It was revoked on ",
    "ApprovalExpired": "It expired on ",
}

PENDING = {
    "ExtensionAsked": "is asked for.",
    "NoticeGiven": "A statement is awaited until ",
    "StatementMade": "A statement was made on ",
}


def test_the_text_ends_with_the_last_event_of_the_approval(register: Exporter) -> None:
    met: Counter[str | None] = Counter()
    for stream in register.states(DEPLOYMENT_REQUEST):
        history = [recorded for recorded in register.log if recorded.stream == stream]
        for end in range(1, len(history) + 1):
            request = fold(DEPLOYMENT_REQUEST, history[:end])
            events = [(type(each.event).__name__, each.happened_at) for each in history[:end]]
            text = status_text(StatusFacts.of(replace(request, extension=None, hearing=None)), events)
            if request.decision is not None and request.decision.outcome is DecisionOutcome.APPROVED:
                last = next((type_ for type_, _ in reversed(events) if type_ in AFTER_APPROVAL), None)
                met[last] += 1
                assert text.startswith("Approved")
                assert TOLD[last] in text.rpartition(". ")[2] if last else "It " not in text
            elif request.status is RequestStatus.SUBMITTED:
                assert text == "Submitted; nothing is decided."
    assert met.keys() == TOLD.keys()


def test_the_text_says_what_is_asked_for_or_intended_and_not_decided(register: Exporter) -> None:
    met: Counter[str] = Counter()
    for stream in register.states(DEPLOYMENT_REQUEST):
        history = [recorded for recorded in register.log if recorded.stream == stream]
        for end in range(1, len(history) + 1):
            request, last = fold(DEPLOYMENT_REQUEST, history[:end]), type(history[end - 1].event).__name__
            text = status_text(
                StatusFacts.of(request), [(type(each.event).__name__, each.happened_at) for each in history[:end]]
            )
            assert ("An extension until" in text) == (request.extension is not None)
            if last in PENDING:
                met[last] += 1
                assert PENDING[last] in text
            elif last in ("RequestWithdrawn", "RequestDenied", "ApprovalRevoked", "ApprovalExpired"):
                assert "Notice" not in text
    assert met.keys() == PENDING.keys()
