"""An event becomes bytes of a fixed layout and comes back the same; what was tampered with does not come back."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    Latitude,
    Likelihood,
    Location,
    Longitude,
    Period,
    Role,
    Subject,
    Text,
)
from service.errors import CorruptEvent
from service.event_store.mapper import Mapper
from service.event_store.records import EncodedEvent, EventRow, UnrecordedEvent
from service.event_store.texts import decode_texts, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    id: UUID
    text: Text
    due_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    reason: Text
    remark: Text | None = None
    likelihood: Likelihood
    location: Location | None = None
    period: Period | None = None
    clauses: tuple[Clause, ...] = ()
    of: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    number: int


STREAM, ID, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
ACTOR = Actor(
    issuer="https://issuer.example", subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,)
)


def counting() -> Callable[[int], bytes]:
    """Random bytes that are the same each time."""
    made = iter(range(1, 256))
    return lambda size: bytes([next(made)]) * size


def mapper(**given: Any) -> Mapper:
    settings: dict[str, Any] = {"events": {"Happened": Happened, "Counted": Counted}, "schemas": {}, "upcasters": {}}
    return Mapper(**{**settings, "random": counting(), **given})


def unrecorded(event: object, **given: Any) -> UnrecordedEvent:
    settings: dict[str, Any] = {
        "stream": STREAM,
        "version": 1,
        "actor": ACTOR,
        "command": CommandRef(name="Do", id=ID, n=1, of=2),
        "correlation": OTHER,
    }
    return UnrecordedEvent(event=event, **{**settings, **given})  # type: ignore[arg-type]


def row(encoded: EncodedEvent, **changed: Any) -> EventRow:
    return EventRow(7, encoded.stream, encoded.version, encoded.topic, encoded.state, NOW, encoded.texts)._replace(
        **changed
    )


def edited(encoded: EncodedEvent, edit: Callable[[dict[str, Any]], object], **changed: Any) -> EventRow:
    state = json.loads(encoded.state)
    edit(state)
    return row(encoded, state=json.dumps(state).encode(), **changed)


FULL = Happened(
    reason=Text("because\nof it"),
    likelihood=Likelihood.LIKELY,
    location=Location(latitude=Latitude(42.0), longitude=Longitude(20.7), description=Text("at the dam")),
    period=Period(start=NOW, end=NOW + timedelta(microseconds=1)),
    clauses=(Clause(id=ID, text=Text("first")), Clause(id=OTHER, text=Text(""), due_by=NOW)),
    of=(ID, OTHER),
)


def test_the_bytes_are_those_of_the_layout() -> None:
    encoded = mapper().encode(unrecorded(Happened(reason=Text("why"), likelihood=Likelihood.LIKELY)), ((OTHER, 4),))
    proof = digest(b"\2" * 16, "why")
    assert encoded.state.decode() == (
        '{"v":1,"type":"Happened","schema":1,'
        '"actor":{"kind":"person","iss":"https://issuer.example","sub":"ana","authority":"kfor","roles":["REVIEWER"]},'
        '"command":{"name":"Do","id":"00000000-0000-0000-0000-000000000002","n":1,"of":2},'
        '"correlation":"00000000-0000-0000-0000-000000000003","causation":null,"occurred":null,'
        '"consulted":[["00000000-0000-0000-0000-000000000003",4]],"nonce":"01010101010101010101010101010101",'
        f'"data":{{"reason":{{"$text":"{proof}"}},"remark":null,"likelihood":"LIKELY","location":null,"period":null,'
        '"clauses":[],"of":[]}}'
    )
    assert b"why" not in encoded.state
    assert encoded.texts is not None
    assert decode_texts(encoded.texts, [proof]) == {proof: "why"}


def test_a_deputy_is_stored_with_their_principal_and_nobody_else_is() -> None:
    event = Happened(reason=Text("why"), likelihood=Likelihood.LIKELY)
    deputy = replace(ACTOR, on_behalf_of=("https://other.example", Subject("ben")))
    encoded = mapper().encode(unrecorded(event, actor=deputy))
    stored = json.loads(encoded.state)
    assert stored["actor"].pop("for") == {"iss": "https://other.example", "sub": "ben"}
    assert stored == json.loads(mapper().encode(unrecorded(event)).state)
    assert mapper().decode(row(encoded)).actor == deputy


def test_the_digest_is_as_specified() -> None:
    assert digest(bytes(16), "abc") == "d4fa7258e3993725706102720cad4a7544f4487f4b1fb8b49e480c7fea877081"


@pytest.mark.parametrize("event", [FULL, Counted(number=3), Happened(reason=Text("x"), likelihood=Likelihood.LIKELY)])
def test_an_event_comes_back_as_it_was(event: object) -> None:
    given = unrecorded(event, causation=5, occurred_at=NOW - timedelta(days=1))
    both = mapper()
    assert both.decode(row(both.encode(given, ((OTHER, 4),)))) == given.at(7, NOW, ((OTHER, 4),))


def test_instants_are_stored_in_utc() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    event = Happened(
        reason=Text("x"),
        likelihood=Likelihood.LIKELY,
        period=Period(start=local, end=NOW),
        clauses=(Clause(id=ID, text=Text("first"), due_by=local),),
    )
    both = mapper()
    encoded = both.encode(unrecorded(event, occurred_at=local))
    assert encoded.state.count(b'"2026-11-29T18:30:00Z"') == 4
    assert both.decode(row(encoded)).event == event


def test_an_erased_text_is_none_and_its_path_is_reported() -> None:
    both = mapper()
    recorded: Recorded[Happened] = both.decode(row(both.encode(unrecorded(FULL)), texts=None))
    assert recorded.event.reason == Text(None)
    assert recorded.event.clauses[1].text == Text(None)
    assert recorded.erased == ("reason", "location.description", "clauses.0.text", "clauses.1.text")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Happened(reason=Text(None), likelihood=Likelihood.LIKELY), "cannot be stored"),
        (Clause(id=ID, text=Text("x")), "not an event"),
        (
            Happened(
                reason=Text("x"),
                likelihood=Likelihood.LIKELY,
                period=Period(start=datetime(2026, 1, 1), end=NOW),  # noqa: DTZ001
            ),
            "Period.start is an instant without an offset",
        ),
    ],
)
def test_unstorable_values_are_refused(event: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mapper().encode(unrecorded(event))


def set_data(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda state: state["data"].__setitem__(name, value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_data("extra", 1), "unknown or missing fields: extra"),
        (lambda state: state["data"].pop("remark"), "unknown or missing fields: remark"),
        (lambda state: state["data"]["location"].pop("latitude"), "unknown or missing fields: location.latitude"),
        (set_data("period", {"start": "2026-11-29T18:30:00", "end": None}), "period.start is not an instant in UTC"),
        (set_data("likelihood", "SURELY"), "SURELY"),
        (set_data("reason", "plain"), "reason is not a text"),
        (set_data("reason", {"$text": "0" * 64}), "the text kept for 'reason' is not the one"),
        (lambda state: state.__setitem__("type", "Counted"), "type 'Counted'"),
        (lambda state: state.__setitem__("v", 2), "layout 2"),
        (lambda state: state.__setitem__("schema", 2), "schema 2 is newer"),
        (lambda state: state.__setitem__("more", 2), "unknown field `more`"),
        (lambda state: state["actor"].__setitem__("name", "Ana"), "unknown field `name`"),
        (lambda state: state.pop("nonce"), "missing required field `nonce`"),
    ],
)
def test_a_tampered_event_is_corrupt(edit: Callable[[dict[str, Any]], object], message: str) -> None:
    both = mapper()
    with pytest.raises(CorruptEvent, match=message) as raised:
        both.decode(edited(both.encode(unrecorded(FULL)), edit))
    assert "position 7" in str(raised.value)


def test_another_texts_row_is_corrupt() -> None:
    both = mapper()
    one, other = both.encode(unrecorded(FULL)), both.encode(unrecorded(FULL))
    with pytest.raises(CorruptEvent, match="'reason' is not the one that was recorded"):
        both.decode(row(one, texts=other.texts))


@pytest.mark.parametrize("state", [b"", b"{", b"null", b'{"v":1}', b"\xff"])
def test_malformed_bytes_are_corrupt(state: bytes) -> None:
    with pytest.raises(CorruptEvent):
        mapper().decode(row(EncodedEvent(STREAM, 1, "Happened", state, None)))


def test_an_unknown_type_is_corrupt() -> None:
    both = mapper()
    encoded = both.encode(unrecorded(Counted(number=1)))
    without = mapper(events={"Happened": Happened})
    with pytest.raises(CorruptEvent, match="no event is called 'Counted'"):
        without.decode(row(encoded))


def test_an_old_form_is_upcast() -> None:
    old = mapper().encode(unrecorded(Counted(number=1)))

    def count_from_nought(data: dict[str, Any]) -> dict[str, Any]:
        return {"number": data["number"] - 1}

    present = mapper(
        schemas={"Counted": 3}, upcasters={("Counted", 1): count_from_nought, ("Counted", 2): count_from_nought}
    )
    assert present.decode(row(old)).event == Counted(number=-1)
    assert b'"schema":3' in present.encode(unrecorded(Counted(number=1))).state


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """`Happened` as a later version stores it: its reason renamed, a text moved into a member, its remark gone."""

    grounds: Text
    place: Text | None = None
    clauses: tuple[Clause, ...] = ()


def revise(data: dict[str, Any]) -> dict[str, Any]:
    location = data["location"] or {}
    return {"grounds": data["reason"], "place": location.get("description"), "clauses": data["clauses"][::-1]}


def revised(row: EventRow) -> Recorded[Any]:
    upcasters = {("Happened", 1): revise}
    return mapper(events={"Happened": Revised}, schemas={"Happened": 2}, upcasters=upcasters).decode(row)


def test_an_upcaster_renames_moves_and_drops_texts() -> None:
    recorded = revised(row(mapper().encode(unrecorded(replace(FULL, remark=Text("dropped"))))))
    assert recorded.event == Revised(grounds=FULL.reason, place=Text("at the dam"), clauses=FULL.clauses[::-1])
    assert recorded.erased == ()


def test_a_text_that_was_erased_is_reported_by_its_present_path() -> None:
    recorded = revised(row(mapper().encode(unrecorded(FULL)), texts=None))
    assert recorded.erased == ("grounds", "place", "clauses.0.text", "clauses.1.text")


def test_the_text_of_another_event_is_corrupt() -> None:
    both = mapper()
    one, other = both.encode(unrecorded(FULL)), both.encode(unrecorded(FULL))
    with pytest.raises(CorruptEvent, match="'reason' is not the one that was recorded"):
        revised(row(one, texts=other.texts))


def test_a_field_that_cannot_be_stored_is_refused_at_the_start() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd:
        texts: tuple[Text, ...]

    with pytest.raises(TypeError, match=r"Odd\.texts"):
        mapper(events={"Odd": Odd})
