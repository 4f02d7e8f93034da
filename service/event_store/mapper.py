"""Maps events to bytes and back. Stored bytes are never rewritten, so that they can be hashed as they are."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.catalogue import EVENTS, SCHEMAS, UPCASTERS, VOIDED
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import SYSTEM, Actor, ActorKind, AuthorityCode, Role, Subject, Text, derived_id
from service.errors import CorruptEvent
from service.event_store.event_schema import DIGEST, EventSchema, digests_in, schema_of
from service.event_store.records import EncodedEvent, EventRow, StreamVersion, UnrecordedEvent
from service.event_store.texts import SALT_BYTES, TextEntry, decode_texts, digest, encode_texts

LAYOUT: Final = 1
NONCE_BYTES: Final = 16
ACTORS_KEPT: Final = 4096
"""Size of the actor caches."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class PersonForm(msgspec.Struct, forbid_unknown_fields=True):
    iss: str
    sub: str


class ActorForm(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """on_behalf_of, stored as `for`: left out unless a deputy acts, so that other bytes stay as they were."""

    kind: ActorKind
    iss: str
    sub: str
    authority: str
    roles: tuple[Role, ...]
    on_behalf_of: PersonForm | None = msgspec.field(default=None, name="for")


class CommandForm(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    id: UUID
    n: int
    of: int


class VoidedForm(msgspec.Struct):
    reason: str
    voided_by: str
    voided_at: datetime
    stored_as: str | None


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """The field order is the byte order. schema: version of the data; v: version of everything else."""

    v: int
    type: str
    schema: int
    actor: msgspec.Raw
    command: CommandForm
    correlation: UUID
    causation: int | None
    occurred: datetime | None
    consulted: tuple[tuple[UUID, int], ...]
    nonce: str
    data: Any


class Mapper:
    """Encodes and decodes events. Thread-safe.

    events: stored name -> class. schemas: stored name -> current schema. upcasters: (name, schema) -> upcaster to the
    next schema. random: source of nonces and salts.

    msgspec registers a class at first use, and crashes the process if two threads do so at once. Therefore all classes
    are registered here.
    """

    def __init__(
        self,
        events: Mapping[str, type[Any]],
        schemas: Mapping[str, int],
        upcasters: Mapping[tuple[str, int], Upcaster],
        *,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._events = dict(events)
        self._names = {event: name for name, event in events.items()}
        self._shapes: dict[str, EventSchema] = {name: schema_of(event) for name, event in events.items()}
        self._schemas = {name: schemas.get(name, 1) for name in events}
        self._upcasters = dict(upcasters)
        self._random = random
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Envelope).decode
        self._decode_actor = msgspec.json.Decoder(ActorForm).decode
        for event in events.values():
            msgspec.json.Decoder(event)
        self._actors: dict[bytes, Actor] = {}
        self._actor_bytes: dict[Actor, bytes] = {}

    def encode(self, unrecorded: UnrecordedEvent, consulted: tuple[StreamVersion, ...] = ()) -> EncodedEvent:
        """Raises ValueError if the event is unknown, has an instant without an offset, or an erased text."""
        event = unrecorded.event
        name = self._names.get(type(event))
        if name is None:
            raise ValueError(f"{type(event).__name__} is not an event that can be stored")
        paths: list[str] = []
        shape = self._shapes[name]
        if not shape.collect_texts(event, paths):
            event = shape.to_utc(event)
        nonce = self._random(NONCE_BYTES).hex()
        texts: list[TextEntry] = []

        def replace_text(value: object) -> dict[str, str]:
            if not isinstance(value, Text) or value.value is None:
                raise ValueError(f"{name} holds {value!r}, which cannot be stored")
            salt = self._random(SALT_BYTES)
            texts.append((paths[len(texts)], salt, value.value))
            return {DIGEST: digest(salt, value.value)}

        envelope = Envelope(
            LAYOUT,
            name,
            self._schemas[name],
            msgspec.Raw(self._encode_actor(unrecorded.actor)),
            CommandForm(unrecorded.command.name, unrecorded.command.id, unrecorded.command.n, unrecorded.command.of),
            unrecorded.correlation,
            unrecorded.causation,
            _utc(unrecorded.occurred_at),
            consulted,
            nonce,
            event,
        )
        state = msgspec.json.encode(envelope, enc_hook=replace_text) if paths else self._encode(envelope)
        return EncodedEvent(unrecorded.stream, unrecorded.version, name, state, encode_texts(texts) if texts else None)

    def decode(self, row: EventRow) -> Recorded[Any]:
        """Raises CorruptEvent, with the position, if this version cannot have written the bytes."""
        try:
            return self._decoded(row) if row.voided is None else _voided(row, row.voided)
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptEvent(f"the event at position {row.position} ({row.topic}) cannot be read: {error}") from error

    def _decoded(self, row: EventRow) -> Recorded[Any]:
        envelope = self._decode(row.state)
        name = envelope.type
        if name != row.topic or envelope.v != LAYOUT:
            raise ValueError(f"its bytes say type '{name}' and layout {envelope.v}")
        shape = self._shapes.get(name)
        if shape is None:
            raise ValueError(f"no event is called '{name}'")
        data, stored = envelope.data, None
        if envelope.schema != self._schemas[name]:
            stored = set(digests_in(data))
            data = self._upcast(name, envelope.schema, data)
        digests: dict[str, str] = {}
        shape.collect_digests(data, digests)
        texts = {} if row.texts is None else decode_texts(row.texts, digests.values() if stored is None else stored)
        erased = tuple(path for path, text_digest in digests.items() if text_digest not in texts)
        command = envelope.command
        return Recorded(
            event=msgspec.convert(data, self._events[name], dec_hook=lambda _, found: Text(texts.get(found[DIGEST]))),
            stream=row.stream,
            version=row.version,
            position=row.position,
            recorded_at=row.recorded_at,
            actor=self._actor(bytes(envelope.actor)),
            command=CommandRef(name=command.name, id=command.id, n=command.n, of=command.of),
            correlation=envelope.correlation,
            causation=envelope.causation,
            occurred_at=envelope.occurred,
            consulted=envelope.consulted,
            erased=erased,
        )

    def _upcast(self, name: str, schema: int, data: Any) -> Any:
        present = self._schemas[name]
        if not 1 <= schema <= present:
            raise ValueError(f"schema {schema} is newer than {present}, the newest known to this version")
        while schema < present:
            data = self._upcasters[name, schema](data)
            schema += 1
        return data

    def _actor(self, stored: bytes) -> Actor:
        actor = self._actors.get(stored)
        if actor is None:
            form = self._decode_actor(stored)
            actor = Actor(
                kind=form.kind,
                issuer=form.iss,
                subject=Subject(form.sub),
                authority=AuthorityCode(form.authority),
                roles=form.roles,
                on_behalf_of=None if (found := form.on_behalf_of) is None else (found.iss, Subject(found.sub)),
            )
            if len(self._actors) >= ACTORS_KEPT:
                self._actors.clear()
            self._actors[stored] = actor
        return actor

    def _encode_actor(self, actor: Actor) -> bytes:
        stored = self._actor_bytes.get(actor)
        if stored is None:
            principal = actor.on_behalf_of and PersonForm(*actor.on_behalf_of)
            form = ActorForm(actor.kind, actor.issuer, actor.subject, actor.authority, actor.roles, principal)
            stored = self._encode(form)
            if len(self._actor_bytes) >= ACTORS_KEPT:
                self._actor_bytes.clear()
            self._actor_bytes[actor] = stored
        return stored


_decode_voided: Final = msgspec.json.Decoder(VoidedForm).decode


def _voided(row: EventRow, voided: str) -> Recorded[Any]:
    """The replacement for an event that an operator voided. Its bytes are not decoded."""
    form = _decode_voided(voided)
    at = form.voided_at.astimezone(UTC)
    number = derived_id("voided", str(row.position))
    return Recorded(
        event=VOIDED[row.topic](
            reason=f"Voided by {form.voided_by} on {at:%Y-%m-%d} at {at:%H:%M}Z: {form.reason}",
            voided_by=form.voided_by,
            voided_at=at,
            stored_as=form.stored_as or "",
        ),
        stream=row.stream,
        version=row.version,
        position=row.position,
        recorded_at=row.recorded_at,
        actor=SYSTEM,
        command=CommandRef(name="VoidEvent", id=number, n=1, of=1),
        correlation=number,
    )


def _utc(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"occurred_at is an instant without an offset: {instant}")
    return instant.astimezone(UTC)


MAPPER: Final = Mapper(EVENTS, SCHEMAS, UPCASTERS)
"""Of all events of the catalogue."""


def decode(row: Sequence[Any]) -> Recorded[Any]:
    """Row: position, stream, version, topic, state, recorded_at, texts. Raises CorruptEvent."""
    return MAPPER.decode(EventRow._make(row))
