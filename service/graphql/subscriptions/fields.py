"""The subscription fields."""

from collections.abc import AsyncGenerator, Iterable
from typing import cast

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from projections.views.audit_trail_filter import AuditTrailFilter
from service.graphql.schema.arguments import code, event_types, given, identifier, ids, region_path
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Info
from service.graphql.schema.inbox.types import InboxChange
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
            "The viewer's inbox, each time an item comes, goes, changes or falls due. Initially its number of items "
            "and the position at which to read `inbox`."
        )
    )
    def inbox_changed(self, info: Info) -> AsyncGenerator[InboxChange, None]:
        return info.context.services.subscriptions.inbox.changes(info.context.actor)

    @strawberry.subscription(
        description=(
            "Events after a position, as they are recorded: none is missed across a reconnect. after: the "
            "position of the last event received; if omitted, only events recorded from now on. Visibility is "
            "decided when each event is sent, as in auditTrail. subject: the id of a request, incident or authority. "
            "authority: the code of the one that the actor acted for. region: events of requests and incidents that "
            "are in it or below it when the event is sent."
        )
    )
    def events_recorded(
        self,
        info: Info,
        after: Position | None = strawberry.UNSET,
        types: list[str] | None = strawberry.UNSET,
        subject: strawberry.ID | None = strawberry.UNSET,
        authority: str | None = strawberry.UNSET,
        region: str | None = strawberry.UNSET,
    ) -> AsyncGenerator[RecordedEvent, None]:
        wanted = AuditTrailFilter(
            type=event_types("types", given(types)),
            subject=None if given(subject) is None else ids("subject", str(subject)),
            authority=None if given(authority) is None else code("authority", str(authority)),
            region=region_path("region", region),
        )
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
