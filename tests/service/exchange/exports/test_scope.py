"""One export is of one moment, whatever is recorded meanwhile and however little is remembered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role, Subject
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.request_cases import cases
from service.exchange.visible_log.scope import scope_of
from service.exchange.visible_log.visibility import MAX_BYTES, STREAM_BYTES, Visibility
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog
from service.processes.composition import now
from tests.databases import NewDatabase
from tests.service.exchange.exports.exporter import Exporter, Numbered, filled

AUDITOR = Actor(issuer="mandate", subject=Subject("eva"), authority=AuthorityCode("carol"), roles=(Role.AUDITOR,))


@pytest.fixture
def growing(new_database: NewDatabase, tmp_path: Path) -> Iterator[tuple[Exporter, Numbered]]:
    """A register, and what can still be recorded in it."""
    histories = Numbered(3)
    with filled(new_database(), tmp_path, histories, 200) as register:
        yield register, histories


def visible_log(register: Exporter, actor: Actor, most_bytes: int = MAX_BYTES) -> VisibleLog:
    at = now()
    scope = scope_of(register.store, actor, at)
    return VisibleLog(register.store, scope, Visibility(register.store, actor, at, scope.present, most_bytes))


def test_events_recorded_during_an_export_are_not_in_it(growing: tuple[Exporter, Numbered]) -> None:
    register, histories = growing
    before = register.log
    log, requests = visible_log(register, SYSTEM).events(), cases(visible_log(register, SYSTEM))
    events, first = [next(log)], next(requests)
    register.world.append(histories.items(100))
    events.extend(log)
    assert [each.position for each in events] == [recorded.position for recorded in before]
    own = [recorded for recorded in before if recorded.stream == first.request.id]
    assert (len(first.events), first.request.version) == (len(own), len(own))
    assert sum(len(case.events) for case in (first, *requests)) == sum(
        each.kind == DEPLOYMENT_REQUEST.name for each in events
    )


@pytest.mark.parametrize("actor", [SYSTEM, AUDITOR], ids=["operator", "auditor"])
def test_an_export_is_the_same_with_any_cache_size(register: Exporter, actor: Actor) -> None:
    def events_read(most_bytes: int) -> list[VisibleEvent]:
        return list(visible_log(register, actor, most_bytes).events())

    assert events_read(STREAM_BYTES) == events_read(MAX_BYTES)


def test_references_resolve_to_their_subjects(register: Exporter) -> None:
    subjects = register.states(DEPLOYMENT_REQUEST) | register.states(INCIDENT)
    assert len(subjects) > 20
    for stream, subject in subjects.items():
        assert find(register.store, subject.reference) == stream


@pytest.mark.parametrize(
    "reference",
    ["", "alpha", "alpha-2024-0000", "alpha-2024-00001", "alpha-2024-1", "alpha-2024-9999", "alpha-2024--001", "0001",
     "ALPHA-2024-0001", "alpha-2024-0001 ", "alpha-2024-\u0660\u0661\u0662\u0663", "alpha-2024-99999999999999999999"],
)  # fmt: skip
def test_malformed_references_resolve_to_nothing(register: Exporter, reference: str) -> None:
    assert find(register.store, reference) is None


def test_an_instant_has_come_by_the_clock_that_events_are_recorded_by(growing: tuple[Exporter, Numbered]) -> None:
    """Were it judged by the clock of who asks, something could still be recorded before it."""
    register, _ = growing
    position, last = register.store.head()
    assert scope_of(register.store, SYSTEM, now(), last).end == position
    fast = now() + timedelta(hours=1)
    with pytest.raises(ExportRefused, match="lies ahead"):
        scope_of(register.store, SYSTEM, fast, fast)
