"""Answers of trusted documents, executed as an endpoint's own viewer at the time of sending.

So one rule decides what an endpoint sees, in queries and messages alike, and the access log records what it is shown.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.vocabulary import Actor
from service.access.identity import Identity
from service.graphql.execution.executor import GraphQLExecutor
from service.graphql.execution.request import GraphQLRequest
from service.graphql.schema.context import Context, Services
from service.notifications.contents import Postponed, Unreadable

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
TEMPORARY: Final = frozenset({"UNAVAILABLE", "VIEW_BEHIND", "TOO_MANY_REQUESTS"})
NOT_VISIBLE: Final = "not visible to the endpoint"
NOT_DUE: Final = "no longer due"
GONE: Final = "the event is no longer in the log, as after a restore"


class Answers:
    def __init__(self, executor: GraphQLExecutor, services: Services, clock: Callable[[], datetime]) -> None:
        self._executor, self._services, self._clock = executor, services, clock

    async def read(self, viewer: Actor, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
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


def awaited_incident(incident: Mapping[str, Any] | None, due: str) -> Mapping[str, Any] | None:
    """The incident, if the endpoint sees it and a request that is withheld until then."""
    holds = [request["hold"] for request in incident["deploymentRequests"]] if incident else []
    return incident if any(hold and hold["reviewBy"] == due for hold in holds) else None
