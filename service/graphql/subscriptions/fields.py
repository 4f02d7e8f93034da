"""What can be subscribed to."""

from collections.abc import AsyncGenerator, Iterable

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
            "A request each time it changes, beginning with how it is. Its versions only rise; whoever reads slowly "
            "gets the newest. Ends with an error where there is none that the viewer may see, also later on."
        )
    )
    def deployment_request_changed(self, info: Info, id: strawberry.ID) -> AsyncGenerator[DeploymentRequest, None]:
        return info.context.services.subscriptions.feed.request(info.context.actor, identifier(id))

    @strawberry.subscription(
        description=(
            "Events as they are recorded, from a position on: none is missed across a reconnect. after: the position "
            "of the last event that is at hand; left out, those recorded from now on. What the viewer may see of them "
            "is decided as each is told, as in auditTrail."
        )
    )
    def events_recorded(
        self,
        info: Info,
        after: Position | None = strawberry.UNSET,
        types: list[str] | None = strawberry.UNSET,
    ) -> AsyncGenerator[RecordedEvent, None]:
        wanted = event_types("types", given(types))
        subjects = _asks_for("subject", info.selected_fields)
        return info.context.services.subscriptions.feed.events(
            info.context.actor, given(after), wanted, subjects=subjects
        )


def _asks_for(name: str, selections: Iterable[Selection]) -> bool:
    """Whether a field of this name is anywhere in what is asked for."""
    return any(
        (isinstance(each, SelectedField) and each.name == name) or _asks_for(name, each.selections)
        for each in selections
    )
