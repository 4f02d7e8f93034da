"""The bytes of every text that is ever recorded on a subject are counted."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.deployment_request.events import FulfilmentReported
from domain.limits import text_bytes
from domain.vocabulary import Text
from tests.domain.case import (
    CANAL,
    CONDITION,
    REQUEST,
    SUBMITTED,
    approval,
    condition,
    evidence,
    ground,
    incident,
    remark,
)
from tests.specification import given


@pytest.mark.parametrize(
    ("event", "size"),
    [
        (remark.event, len(b"EXERCISE: because")),
        (replace(remark.event, reason=Text("é\U0001f30a")), 6),
        (replace(remark.event, reason=Text(None)), 0),
        (approval(conditions=(condition, condition)).event, len(b"EXERCISE: because") + 2 * len(b"Unarmed.")),
        (approval(ground(1, "a"), ground(1, None)).event, len(b"EXERCISE: because") + 1),
        (incident().event, len(b"A water canal is damaged.")),
        (evidence(uri=Text("urn:x")).event, len(b"EXERCISE: a fragment") + 5),
        (FulfilmentReported(condition=CONDITION, report=Text("ab")), 2),
    ],
)
def test_the_bytes_of_every_text_are_counted(event: Any, size: int) -> None:
    assert text_bytes(event) == size


def test_what_was_written_first_counts_too() -> None:
    register = given(*SUBMITTED).register
    assert register.states[REQUEST].text_bytes == len(b"To guard the canal.")
    assert register.states[CANAL].text_bytes == len(b"A water canal is damaged.")
    register.record(remark)
    assert register.states[REQUEST].text_bytes == len(b"To guard the canal.") + len(b"EXERCISE: because")
    assert (register.states[REQUEST].remarks, register.states[REQUEST].holds) == (1, 0)


def test_a_text_is_counted_however_deep_it_lies() -> None:
    @dataclass(frozen=True)
    class Inner:
        text: Text
        number: int

    @dataclass(frozen=True)
    class Outer:
        own: Text
        may_be_left_out: Text | None
        one: Inner
        several: tuple[Inner, ...]
        none: Inner | None
        name: str

    inner = Inner(Text("ab"), 7)
    assert text_bytes(Outer(Text("a"), Text("abcd"), inner, (inner, inner), None, "name")) == 1 + 4 + 3 * 2
