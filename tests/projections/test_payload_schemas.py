"""The JSON Schema of each event's payload fits every payload, and nothing else."""

import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from domain.catalogue import EVENTS
from domain.deployment_request.visibility import INTERNAL_PARTS
from domain.vocabulary import Text
from projections.rows.api_terms import payload
from projections.rows.payload_schemas import event_kinds, payload_schema
from tests.golden.samples import FOLDER, Golden, filled, mapper
from tests.projections.histories import Histories

SEEDS = (3, 71)


def problems(event: Any, data: Any) -> list[str]:
    validator = Draft202012Validator(dict(payload_schema(type(event))), validate_formats=True)
    return [f"{each.instance_path}: {each.message}" for each in validator.iter_errors(data)]


@pytest.mark.parametrize("name", EVENTS)
def test_each_is_a_schema_that_the_payload_of_a_whole_event_meets(name: str) -> None:
    meta.validate(dict(payload_schema(EVENTS[name])))
    event = filled(EVENTS[name])
    assert problems(event, payload(event)) == []
    assert problems(event, {**payload(event), "another": 1}) != []
    for each in payload_schema(EVENTS[name])["required"]:
        assert problems(event, {part: value for part, value in payload(event).items() if part != each}) != [], each


@pytest.mark.parametrize("seed", SEEDS)
def test_the_payloads_of_any_history_meet_them(seed: int) -> None:
    histories, seen = Histories(seed, markings=True), set[type[Any]]()
    for item in [histories.opening(), histories.endpoint(), *histories.items(400)]:
        for each in item.events:
            seen.add(type(each.event))
            assert problems(each.event, payload(each.event)) == [], each.event
    assert len(seen) > len(EVENTS) / 2


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: str(file.stem))
def test_the_payload_of_an_event_in_an_earlier_form_meets_them(file: Path) -> None:
    event = mapper(os.urandom).decode(Golden.read(file).row).event
    assert problems(event, payload(event)) == []


def test_what_may_be_withheld_is_not_required() -> None:
    for kind, parts in INTERNAL_PARTS.items():
        event = filled(kind)
        data = {name: value for name, value in payload(event).items() if name not in parts}
        assert problems(event, data) == []


def test_an_erased_text_is_null() -> None:
    event = EVENTS["RequestRemarked"](reason=Text(None), internal=False)
    assert problems(event, payload(event)) == []
    assert problems(event, {"reason": 3, "internal": False}) != []


def test_every_event_has_one() -> None:
    assert [each.__name__ for each in event_kinds()] == list(EVENTS)
    assert len({payload_schema(each)["$id"] for each in event_kinds()}) == len(EVENTS)
