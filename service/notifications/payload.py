"""What is sent: answers of trusted documents, executed as the endpoint's own viewer at the time of sending.

So one rule decides what an endpoint sees, in queries and messages alike, and the access log records what it is shown.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.vocabulary import Actor, iso_time
from domain.webhook_endpoint.state import WebhookEndpoint
from service.graphql.execution.executor import GraphQLExecutor
from service.graphql.execution.request import GraphQLRequest, encode_json
from service.graphql.execution.sent_documents import sent_documents, variables_for
from service.graphql.schema.context import Context, Services
from service.identity import Identity
from service.notifications.contents import Postponed, Unreadable, Withheld
from service.notifications.due import Due, is_due
from service.notifications.queue import Delivery

THIN: Final = "webhook-message"
"""The document that decides whether the endpoint may see an event, and what a thin message says of it."""
TYPE: Final = "mandate.{}"
"""As in CloudEvents."""
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
THIN_REMINDER: Final = "webhook-reminder"
"""As THIN, of a request or an incident that something is due on."""
NOT_VISIBLE: Final = "not visible to the endpoint"
NOT_DUE: Final = "no longer due"
GONE: Final = "the event is no longer in the log, as after a restore"
TEMPORARY: Final = frozenset({"UNAVAILABLE", "VIEW_BEHIND", "TOO_MANY_REQUESTS"})


class Payloads:
    def __init__(
        self,
        executor: GraphQLExecutor,
        services: Services,
        clock: Callable[[], datetime],
        still_due: Callable[[Delivery], Awaitable[bool]],
    ) -> None:
        """still_due: whether what a message is about is still due. Raises Postponed."""
        self._executor, self._services, self._clock, self._still_due = executor, services, clock, still_due

    async def __call__(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        return await (self._due(endpoint, delivery) if is_due(delivery) else self._event(endpoint, delivery))

    async def _due(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        if not await self._still_due(delivery):
            return Withheld(NOT_DUE)
        found = await self._answer(endpoint.viewer, THIN_REMINDER, {"id": str(delivery.subject)})
        subject = found["deploymentRequest"] or _awaited(found["incident"], iso_time(delivery.at))
        if subject is None:
            return Withheld(NOT_VISIBLE)
        due, known = Due.of(delivery), {"id": subject["id"], "reference": subject["reference"]}
        data = {**known, "action": due.action, "due": iso_time(delivery.at), "days": due.days}
        if endpoint.document is not None and "position" not in sent_documents().get(endpoint.document, ()):
            data["content"] = await self._content(endpoint.viewer, endpoint.document, known)
        return _body(delivery.type, iso_time(delivery.queued_at), data)

    async def _event(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        viewer, position = endpoint.viewer, str(delivery.position)
        event = (await self._answer(viewer, THIN, {"position": position}))["recordedEvent"]
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
        return await self._answer(viewer, document, variables_for(document, known))

    async def _answer(self, viewer: Actor, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data of a document. Raises Postponed, Unreadable."""
        context = Context(self._services, Identity(actor=viewer, name=None, expires_at=FOREVER), self._clock())
        try:
            request = GraphQLRequest(document_id=document, variables=variables)
            answer = await self._executor.execute(await self._executor.prepare(request, context), context)
        finally:
            context.end()
        if answer.errors:
            codes = {error["extensions"]["code"] for error in answer.errors}
            reason = f"the document '{document}' has errors: {answer.errors[0]['message']}"
            raise Postponed(reason) if codes <= TEMPORARY else Unreadable(reason)
        assert answer.data is not None
        return answer.data


def _awaited(incident: Mapping[str, Any] | None, due: str) -> Mapping[str, Any] | None:
    """The incident, if the endpoint sees it and a request that is withheld until then."""
    holds = [request["hold"] for request in incident["deploymentRequests"]] if incident else []
    return incident if any(hold and hold["reviewBy"] == due for hold in holds) else None


def _body(type_: str, timestamp: str, data: Mapping[str, Any]) -> bytes:
    return encode_json({"type": TYPE.format(type_), "timestamp": timestamp, "data": data})
