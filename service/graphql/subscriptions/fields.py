"""The subscription fields."""

from collections.abc import AsyncGenerator, Iterable
from typing import cast

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from service.graphql.schema.arguments import event_types, given, identifier
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Info
from service.graphql.schema.requests.types import DeploymentRequest
from service.graphql.schema.scalars import Position


@strawberry.type
class LiveSubscriptions:
    @strawberry.subscription(
        description=(
            "A request, initially and after each change. Versions only rise; a slow reader gets the newest. Ends "
            "with an error if no such request is visible to the viewer, also later on."
        )
    )
    def deployment_request_changed(self, info: Info, id: strawberry.ID) -> AsyncGenerator[DeploymentRequest, None]:
        found = info.context.services.subscriptions.feed.request(info.context.actor, identifier(id))
        return cast("AsyncGenerator[DeploymentRequest, None]", found)  # an exception becomes the error of its response

    @strawberry.subscription(
        description=(
            "Events after a position, as they are recorded: none is missed across a reconnect. after: the "
            "position of the last event received; if omitted, only events recorded from now on. Visibility is "
            "decided when each event is sent, as in auditTrail."
        )
    )
    def events_recorded(
        self,
        info: Info,
        after: Position | None = strawberry.UNSET,
        types: list[str] | None = strawberry.UNSET,
    ) -> AsyncGenerator[RecordedEvent, None]:
        wanted = event_types("types", given(types))
        subjects = _selects("subject", info.selected_fields)
        return info.context.services.subscriptions.feed.events(
            info.context.actor, given(after), wanted, subjects=subjects
        )


def _selects(name: str, selections: Iterable[Selection]) -> bool:
    """Whether a field with this name is selected at any depth."""
    return any(
        (isinstance(each, SelectedField) and each.name == name) or _selects(name, each.selections)
        for each in selections
    )
