"""docs/reference/event-schemas.json: a JSON Schema of every event's payload."""

import json

from projections.rows.payload_schemas import DIALECT, event_kinds, payload_schema


def page() -> str:
    schemas = {each.__name__: payload_schema(each) for each in event_kinds()}
    return json.dumps({"$schema": DIALECT, "$defs": schemas}, indent=1) + "\n"
