"""The explanation of a request."""

from service.cli.explanation_content import Explained, ExplainedAction, ExplainedEvent
from service.cli.local.register import RegisterAccess
from service.cli.local.view_queries import names_of
from service.exchange.visible_log.explanation import explain_request


def explain(register: RegisterAccess, reference: str) -> Explained:
    """Recorded in the access log. Raises ExportRefused."""
    subject_access = register.about(reference)
    subject_access.record_access("explanation")
    scope = subject_access.scope
    found = explain_request(subject_access.store, scope, subject_access.visibility)
    names = names_of(subject_access, {person for each in found.because for person in each.actor.persons})
    return Explained(
        reference=found.request.reference,
        status=found.request.status,
        version=found.request.version,
        as_of=scope.as_of,
        standing=found.standing,
        because=tuple(
            ExplainedEvent(
                position=each.position,
                type=type(each.event).__name__,
                happened_at=each.happened_at,
                recorded_at=each.recorded_at,
                actor=each.actor,
                names=names,
            )
            for each in found.because
        ),
        actions=tuple(
            ExplainedAction(
                action=each.action,
                possible=each.possible,
                available=None if scope.actor.is_system else each.available,
                rules=each.verdicts,
            )
            for each in found.outlooks
        ),
    )
