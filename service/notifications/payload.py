"""The body of a message to a webhook endpoint."""

from collections.abc import Mapping
from typing import Any, Final

from domain.vocabulary import Actor, iso_time
from domain.webhook_endpoint.state import WebhookEndpoint
from service.graphql.execution.request import encode_json
from service.graphql.execution.sent_documents import sent_documents, variables_for
from service.notifications.contents import StillDue, Unreadable, Withheld
from service.notifications.document_answers import GONE, NOT_DUE, NOT_VISIBLE, Answers, awaited_incident
from service.notifications.queue import Delivery
from service.notifications.reminders import Due, is_due

THIN: Final = "webhook-message"
"""The document that decides whether the endpoint may see an event, and what a thin message says of it."""
TYPE: Final = "mandate.{}"
"""As in CloudEvents."""
THIN_REMINDER: Final = "webhook-reminder"
"""As THIN, of a request or an incident that something is due on."""


class Payloads:
    def __init__(self, answers: Answers, still_due: StillDue) -> None:
        self._answers, self._still_due = answers, still_due

    async def __call__(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        return await (self._due(endpoint, delivery) if is_due(delivery) else self._event(endpoint, delivery))

    async def _due(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        if not await self._still_due(delivery):
            return Withheld(NOT_DUE)
        found = await self._answers.read(endpoint.viewer, THIN_REMINDER, {"id": str(delivery.subject)})
        subject = found["deploymentRequest"] or awaited_incident(found["incident"], iso_time(delivery.at))
        if subject is None:
            return Withheld(NOT_VISIBLE)
        due, known = Due.of(delivery), {"id": subject["id"], "reference": subject["reference"]}
        data = {**known, "action": due.action, "due": iso_time(delivery.at), "days": due.days}
        if endpoint.document is not None and "position" not in sent_documents().get(endpoint.document, ()):
            data["content"] = await self._content(endpoint.viewer, endpoint.document, known)
        return _body(delivery.type, iso_time(delivery.queued_at), data)

    async def _event(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        viewer, position = endpoint.viewer, str(delivery.position)
        event = (await self._answers.read(viewer, THIN, {"position": position}))["recordedEvent"]
        if event is None:
            return Withheld(NOT_VISIBLE)
        if event["recordedAt"] != iso_time(delivery.at):
            return Withheld(GONE)
        subject = event["subject"]
        known = {"id": subject["id"], "reference": subject.get("reference"), "position": position}
        data: dict[str, Any] = dict(known)
        if endpoint.document is not None:
            data["content"] = await self._content(viewer, endpoint.document, {**known, "atLeast": position})
        return _body(event["type"], event["recordedAt"], data)

    async def _content(self, viewer: Actor, document: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
        if document not in sent_documents():
            raise Unreadable(f"there is no document '{document}' that an event can be sent with: change the endpoint")
        return await self._answers.read(viewer, document, variables_for(document, known))


def _body(type_: str, timestamp: str, data: Mapping[str, Any]) -> bytes:
    return encode_json({"type": TYPE.format(type_), "timestamp": timestamp, "data": data})
