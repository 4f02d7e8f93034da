"""One event of every kind, every field filled, the same each time; and how it is kept in a file."""

import json
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from domain import catalogue
from domain.catalogue import Event
from domain.dataclass_fields import FieldType, field_types
from domain.recorded_event import CommandRef
from domain.vocabulary import Actor, AuthorityCode, Role, Subject, Text, derived_id
from service.event_store.mapper import Mapper
from service.event_store.records import EncodedEvent, EventRow, UnrecordedEvent

FOLDER = Path(__file__).parent
WHEN = datetime(2024, 11, 29, 18, 0, 0, 123456, tzinfo=UTC)
CONSULTED = ((derived_id("golden", "consulted"), 3),)


@dataclass(frozen=True, slots=True)
class Golden:
    """What was stored, byte for byte. random: the nonce and the salts that it was stored with, in their order."""

    name: str
    schema: int
    state: bytes
    texts: bytes | None
    random: tuple[bytes, ...]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.v{self.schema}.json"

    @property
    def row(self) -> EventRow:
        return EventRow(
            7, derived_id("golden", "stream"), 2, self.name, self.state, WHEN + timedelta(days=1), self.texts
        )

    def write(self) -> None:
        content = {
            "state": self.state.decode(),
            "texts": self.texts.hex() if self.texts is not None else None,
            "random": [piece.hex() for piece in self.random],
        }
        self.file.write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, file: Path) -> "Golden":
        name, schema = file.name.removesuffix(".json").rsplit(".v", 1)
        content = json.loads(file.read_text())
        texts = bytes.fromhex(content["texts"]) if content["texts"] is not None else None
        random = tuple(map(bytes.fromhex, content["random"]))
        return cls(name, int(schema), content["state"].encode(), texts, random)


def mapper(random: Callable[[int], bytes]) -> Mapper:
    return Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS, random=random)


def sample(name: str) -> Golden:
    """The present form of an event, as it is stored today."""
    drawn: list[bytes] = []

    def draw(size: int) -> bytes:
        drawn.append(bytes([len(drawn) + 1]) * size)
        return drawn[-1]

    encoded = mapper(draw).encode(circumstances(filled(catalogue.EVENTS[name])), CONSULTED)
    return Golden(name, catalogue.SCHEMAS[name], encoded.state, encoded.texts, tuple(drawn))


def again(golden: Golden) -> EncodedEvent:
    """What is stored today for the event that is read from the golden bytes."""
    kept = iter(golden.random)
    replaying = mapper(lambda _: next(kept))
    recorded = replaying.decode(golden.row)
    unrecorded = UnrecordedEvent(
        stream=recorded.stream,
        version=recorded.version,
        event=recorded.event,
        actor=recorded.actor,
        command=recorded.command,
        correlation=recorded.correlation,
        causation=recorded.causation,
        occurred_at=recorded.occurred_at,
    )
    return replaying.encode(unrecorded, recorded.consulted)


def circumstances(event: Event) -> UnrecordedEvent:
    return UnrecordedEvent(
        stream=derived_id("golden", "stream"),
        version=2,
        event=event,
        actor=Actor(
            issuer="https://issuer.example",
            subject=Subject("ana"),
            authority=AuthorityCode("kfor"),
            roles=(Role.REVIEWER, Role.APPROVER),
        ),
        command=CommandRef(name="Command", id=derived_id("golden", "command"), n=1, of=2),
        correlation=derived_id("golden", "correlation"),
        causation=5,
        occurred_at=WHEN,
    )


def filled(cls: type[Any], path: str = "") -> Any:
    """An instance with every field filled, by the names of its fields. A tuple has two members."""
    path = path or cls.__name__
    return cls(**{field.name: _field(field, f"{path}.{field.name}") for field in field_types(cls)})


def _field(field: FieldType, path: str) -> Any:
    return tuple(_value(field.base, f"{path}.{n}") for n in (0, 1)) if field.many else _value(field.base, path)


def _value(hint: Any, path: str) -> Any:
    if is_dataclass(hint):
        return filled(hint, path)  # type: ignore[arg-type]
    if issubclass(hint, Enum):
        return list(hint)[-1]
    made: dict[type[Any], Any] = {
        Text: Text(f"What {path} says: é, \u2028 and \U0001f30d"),
        str: path,
        bool: True,
        int: len(path),
        float: 42.5,
        UUID: derived_id("golden", path),
        datetime: WHEN + timedelta(minutes=len(path)),
    }
    return made[hint]
