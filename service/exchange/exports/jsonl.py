"""JSON Lines, one event per line: in the register's own form, or as CloudEvents."""

import re
from typing import Any, BinaryIO, Final

import msgspec

from domain.vocabulary import Actor, derived_id, iso_time
from projections.rows.plain_values import person
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

SOURCE: Final = "urn:uuid:{}"
TYPE: Final = "mandate.{}"
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters that CloudEvents attributes must not contain."""

_encode: Final = msgspec.json.Encoder().encode


def write_full_events(log: VisibleLog, target: BinaryIO) -> None:
    """Every event with all of its metadata, in the names of the API."""
    target.writelines(_encode(full_event(event)) + b"\n" for event in log.events())


def write_cloudevents(log: VisibleLog, target: BinaryIO) -> None:
    """CloudEvents 1.0, JSON event format."""
    source = SOURCE.format(register_id(log))
    target.writelines(_encode(cloudevent(event, source)) + b"\n" for event in log.events())


def full_event(event: VisibleEvent) -> dict[str, Any]:
    return {
        "position": str(event.position),
        "subject": {"id": str(event.subject), "kind": event.kind, "reference": event.name},
        "version": event.version,
        "type": event.type,
        "recordedAt": iso_time(event.recorded_at),
        "occurredAt": None if event.occurred_at is None else iso_time(event.occurred_at),
        "actor": _actor(event.actor),
        "command": {
            "name": event.command.name,
            "id": str(event.command.id),
            "n": event.command.n,
            "of": event.command.of,
        },
        "correlationId": str(event.correlation),
        "causationId": None if event.causation is None else str(event.causation),
        "consulted": [{"stream": str(stream), "version": version} for stream, version in event.consulted],
        "payload": event.payload,
        "redactions": [*event.redactions, *event.unseen],
    }


def _actor(actor: Actor) -> dict[str, Any]:
    return {"kind": actor.kind.value, **person(actor)}


def cloudevent(event: VisibleEvent, source: str) -> dict[str, Any]:
    """An event with the CloudEvents extensions auth context, recorded time, sequence and correlation."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.position),
        "source": source,
        "type": TYPE.format(event.type),
        "subject": str(event.subject),
        "time": iso_time(event.happened_at),
        "datacontenttype": "application/json",
        "recordedtime": iso_time(event.recorded_at),
        "sequence": f"{event.position:019}",
        "correlationid": str(event.correlation),
        "authtype": "system" if event.actor.is_system else "app_user",
        "authid": CONTROLS.sub("\ufffd", event.actor.subject),
        "authclaims": _encode(_claims(event)).decode(),
        "reference": event.name,
        "streamversion": event.version,
    }
    if event.causation is not None:
        attributes["causationid"] = str(event.causation)
    if event.redactions:
        attributes["redactions"] = " ".join(event.redactions)
    return {**attributes, "data": event.payload}


def register_id(log: VisibleLog) -> str:
    """The register's id, derived from its first event, which never changes."""
    first = log.store.feed(0, 1)
    return str(derived_id("register", *(str(recorded.command.id) for recorded in first)))


def _claims(event: VisibleEvent) -> dict[str, Any]:
    principal = event.actor.on_behalf_of
    return {
        "iss": event.actor.issuer,
        "authority": event.actor.authority,
        "roles": [role.value for role in event.actor.roles],
        **({} if principal is None else {"onBehalfOf": {"iss": principal[0], "sub": principal[1]}}),
    }
