"""The catalogue of event types, with a JSON Schema of each payload."""

from typing import Any

import strawberry

from domain.catalogue import AGGREGATE_OF, SCHEMAS
from projections.rows.payload_schemas import event_kinds, payload_schema
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import Json
from service.graphql.schema.shown import shown


@strawberry.type(description="A type of events, as in RecordedEvent.type.")
class EventType:
    event: strawberry.Private[type[Any]]
    name: str = shown(lambda of: of.event.__name__)
    version: int = shown(
        lambda of: SCHEMAS[of.event.__name__],
        "Of its form. Events that were recorded in an earlier one are shown in this one.",
    )
    kind: str = shown(lambda of: AGGREGATE_OF[of.event].name, "What the event is of: 'DeploymentRequest', 'Incident'.")
    schema: Json = shown(
        lambda of: payload_schema(of.event),
        "A JSON Schema (2020-12) of the payload, as any viewer gets it: what may be withheld is not required.",
    )


@strawberry.type
class EventTypeQueries:
    @strawberry.field(description="Every type of events that this register can record.")
    def event_types(self, first: First = MANY, offset: Offset = 0) -> list[EventType]:
        return part([EventType(event=each) for each in event_kinds()], first, offset)
