"""A voided event changes the version of its stream, and nothing else."""

from dataclasses import replace
from typing import Any

from domain.authority import evolve
from domain.recorded_event import Recorded
from domain.voided_events import EventVoided, Unbegun, passing_voided
from tests.domain.case import REGISTERED
from tests.specification import NOW, given

[REGISTRATION, *_] = given(*REGISTERED).register.log
VOID = EventVoided(reason="voided", voided_by="operator", voided_at=NOW, stored_as="AuthorityRegistered")


def void(version: int) -> Recorded[Any]:
    return replace(REGISTRATION, event=VOID, version=version)


def test_a_stream_continues_after_a_voided_event() -> None:
    evolved = passing_voided(evolve)
    begun = evolved(None, REGISTRATION)
    assert begun == evolve(None, REGISTRATION)
    assert evolved(begun, void(2)) == replace(begun, version=2)


def test_a_stream_of_voided_events_only_has_no_state() -> None:
    seen: list[object] = []

    def noted(state: Any, recorded: Recorded[Any]) -> Any:
        seen.append(state)
        return evolve(state, recorded)

    evolved = passing_voided(noted)
    assert evolved(None, void(1)) == Unbegun(1)
    assert evolved(Unbegun(1), void(2)) == Unbegun(2)
    begun = evolved(Unbegun(2), replace(REGISTRATION, version=3))
    assert (begun.version, seen) == (3, [None])
