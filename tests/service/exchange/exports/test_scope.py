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
from service.exchange.visible_log.visibility import Visibility
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog
from service.processes.composition import now
from tests.databases import NewDatabase
from tests.service.exchange.exports.exporter import Exporter, Numbered, filled

AUDITOR = Actor(issuer="mandate", subject=Subject("eva"), authority=AuthorityCode("audit"), roles=(Role.AUDITOR,))


@pytest.fixture
def growing(new_database: NewDatabase, tmp_path: Path) -> Iterator[tuple[Exporter, Numbered]]:
    """A register, and what can still be recorded in it."""
    histories = Numbered(3)
    with filled(new_database(), tmp_path, histories, 200) as register:
        yield register, histories


def teller(register: Exporter, actor: Actor, kept: int = 1000) -> VisibleLog:
    at = now()
    scope = scope_of(register.store, actor, at)
    return VisibleLog(register.store, scope, Visibility(register.store, actor, at, scope.present, kept))


def test_what_is_recorded_meanwhile_is_not_reported(growing: tuple[Exporter, Numbered]) -> None:
    register, histories = growing
    before = register.log
    log, requests = teller(register, SYSTEM).events(), cases(teller(register, SYSTEM))
    told, first = [next(log)], next(requests)
    register.world.append(histories.items(100))
    told.extend(log)
    assert [each.position for each in told] == [recorded.position for recorded in before]
    own = [recorded for recorded in before if recorded.stream == first.request.id]
    assert (len(first.events), first.request.version) == (len(own), len(own))
    assert sum(len(case.events) for case in (first, *requests)) == sum(
        each.kind == DEPLOYMENT_REQUEST.name for each in told
    )


@pytest.mark.parametrize("actor", [SYSTEM, AUDITOR], ids=["operator", "auditor"])
def test_it_is_the_same_however_little_is_remembered(register: Exporter, actor: Actor) -> None:
    def told(kept: int) -> list[VisibleEvent]:
        return list(teller(register, actor, kept).events())

    assert told(kept=1) == told(kept=10_000)


def test_references_lead_to_what_they_were_given_to(register: Exporter) -> None:
    subjects = register.states(DEPLOYMENT_REQUEST) | register.states(INCIDENT)
    assert len(subjects) > 20
    for stream, subject in subjects.items():
        assert find(register.store, subject.reference) == stream


@pytest.mark.parametrize(
    "reference",
    ["", "alpha", "alpha-2024-0000", "alpha-2024-00001", "alpha-2024-1", "alpha-2024-9999", "alpha-2024--001", "0001",
     "ALPHA-2024-0001", "alpha-2024-0001 ", "alpha-2024-\u0660\u0661\u0662\u0663", "alpha-2024-99999999999999999999"],
)  # fmt: skip
def test_what_is_no_reference_leads_nowhere(register: Exporter, reference: str) -> None:
    assert find(register.store, reference) is None


def test_an_instant_has_come_by_the_clock_that_events_are_recorded_by(growing: tuple[Exporter, Numbered]) -> None:
    """Were it judged by the clock of who asks, something could still be recorded before it."""
    register, _ = growing
    position, last = register.store.head()
    assert scope_of(register.store, SYSTEM, now(), last).end == position
    fast = now() + timedelta(hours=1)
    with pytest.raises(ExportRefused, match="lies ahead"):
        scope_of(register.store, SYSTEM, fast, fast)
