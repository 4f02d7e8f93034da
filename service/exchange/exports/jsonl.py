"""JSON, an event a line: whole, as the register tells it, or as a CloudEvent."""

import re
from typing import Any, BinaryIO, Final

import msgspec

from domain.vocabulary import derived_id
from projections.api_terms import instant, person
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

SOURCE: Final = "urn:uuid:{}"
TYPE: Final = "mandate.{}"
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters that no attribute of a CloudEvent may hold."""

_encode: Final = msgspec.json.Encoder().encode


def write_whole(teller: VisibleLog, target: BinaryIO) -> None:
    """Every event with all of its circumstances, in the names of the API."""
    target.writelines(_encode(whole(told)) + b"\n" for told in teller.events())


def write_cloudevents(teller: VisibleLog, target: BinaryIO) -> None:
    """CloudEvents 1.0 in their JSON format."""
    source = SOURCE.format(register_id(teller))
    target.writelines(_encode(cloudevent(told, source)) + b"\n" for told in teller.events())


def whole(told: VisibleEvent) -> dict[str, Any]:
    return {
        "position": str(told.position),
        "subject": {"id": str(told.subject), "kind": told.kind, "reference": told.name},
        "version": told.version,
        "type": told.type,
        "recordedAt": instant(told.recorded_at),
        "occurredAt": None if told.occurred_at is None else instant(told.occurred_at),
        "actor": {"kind": told.actor.kind.value, "issuer": told.actor.issuer, **person(told.actor)},
        "command": {"name": told.command.name, "id": str(told.command.id), "n": told.command.n, "of": told.command.of},
        "correlationId": str(told.correlation),
        "causationId": None if told.causation is None else str(told.causation),
        "consulted": [{"stream": str(stream), "version": version} for stream, version in told.consulted],
        "payload": told.payload,
        "redactions": [*told.redactions, *told.unseen],
    }


def cloudevent(told: VisibleEvent, source: str) -> dict[str, Any]:
    """An event with the documented extensions for who (auth context), when (recorded time), order and correlation."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(told.position),
        "source": source,
        "type": TYPE.format(told.type),
        "subject": str(told.subject),
        "time": instant(told.happened_at),
        "datacontenttype": "application/json",
        "recordedtime": instant(told.recorded_at),
        "sequence": f"{told.position:019}",
        "correlationid": str(told.correlation),
        "authtype": "system" if told.actor.is_system else "app_user",
        "authid": CONTROLS.sub("\ufffd", told.actor.subject),
        "authclaims": _encode(_claims(told)).decode(),
        "reference": told.name,
        "streamversion": told.version,
    }
    if told.causation is not None:
        attributes["causationid"] = str(told.causation)
    if told.redactions:
        attributes["redactions"] = " ".join(told.redactions)
    return {**attributes, "data": told.payload}


def register_id(teller: VisibleLog) -> str:
    """What tells one register's events from another's: its first event is the same for ever."""
    first = teller.store.feed(0, 1)
    return str(derived_id("register", *(str(recorded.command.id) for recorded in first)))


def _claims(told: VisibleEvent) -> dict[str, Any]:
    return {
        "iss": told.actor.issuer,
        "authority": told.actor.authority,
        "roles": [role.value for role in told.actor.roles],
    }
