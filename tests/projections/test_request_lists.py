"""Lists, their filters, order, counts and pages: now and as of then, as each viewer may see them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import pytest

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import SYSTEM, Actor, Marking
from projections.reading.queries import ListPosition
from projections.views import incidents, request_lists
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from tests.projections.chance import START
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model, in_regions
from tests.projections.world import World

Keeps = Callable[[DeploymentRequest], bool]
FIRST = RequestOrder.SUBMITTED_AT_ASC


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Histories(8)
    shared_world.append([histories.opening(), *histories.items(300)])
    shared_world.apply()
    return shared_world


MANY: Final = [f"nowhere/{number}" for number in range(12)]
"""So many that they are no lists of their own."""


def filters(model: Model) -> list[tuple[RequestListFilter, Keeps]]:
    known = (state for state in model.now.values() if isinstance(state, Incident))
    incident = next(state.id for state in known if state.marking is Marking.CLEAR)
    return [
        (RequestListFilter(), lambda request: True),
        (
            RequestListFilter(status=["UNDER_REVIEW", "DENIED"]),
            lambda request: request.status in ("UNDER_REVIEW", "DENIED"),
        ),
        (RequestListFilter(status=[]), lambda request: False),
        (RequestListFilter(requesting_authority=["alpha"]), lambda request: request.requesting_authority == "alpha"),
        (
            RequestListFilter(deciding_authority=["bravo", "carol"]),
            lambda r: r.deciding_authority in ("bravo", "carol"),
        ),
        (RequestListFilter(region=["xk/north", "xl/west"]), lambda r: in_regions(r.region, ["xk/north", "xl/west"])),
        (RequestListFilter(region=["xk/nor", ""]), lambda request: False),
        (RequestListFilter(region=[*MANY, "xk/north"]), lambda r: in_regions(r.region, ["xk/north"])),
        (RequestListFilter(region=MANY), lambda request: False),
        (RequestListFilter(region=[]), lambda request: False),
        (RequestListFilter(incident=incident), lambda request: incident in request.incidents),
        (RequestListFilter(questioned=True), is_questioned),
        (RequestListFilter(questioned=False), lambda request: not is_questioned(request)),
        (RequestListFilter(submitted_from=START), lambda request: request.submitted_at >= START),
        (RequestListFilter(submitted_until=START), lambda request: request.submitted_at < START),
        (RequestListFilter(text='ŻANDARMERIA "b" because'), partial(matches, words='żandarmeria "b" because')),
        (RequestListFilter(text="Bridge"), partial(matches, words="bridge")),
        (RequestListFilter(text="2024-0 lines"), partial(matches, words="2024-0 lines")),
        (
            RequestListFilter(status=["APPROVED"], region=["xk"]),
            lambda r: r.status == "APPROVED" and in_regions(r.region, ["xk"]),
        ),
    ]


def is_questioned(request: DeploymentRequest) -> bool:
    return request.decision is not None and request.decision.is_questioned


def matches(request: DeploymentRequest, words: str) -> bool:
    fields = (request.reference, request.force, str(request.purpose))
    return all(any(word in field.casefold() for field in fields) for word in words.casefold().split())


KEYS: Final[Mapping[str, Callable[[DeploymentRequest], datetime]]] = {
    "SUBMITTED_AT": lambda request: request.submitted_at,
    "UPDATED_AT": lambda request: request.updated_at,
    "DUE": lambda request: request.next_due() or datetime.max.replace(tzinfo=UTC),
}
"""By order of the API: what it orders by."""


def test_each_list_agrees_with_the_states(recorded: World) -> None:
    model = Model(recorded.log())
    wanted = filters(model)
    pages = [partial(request_lists.page, wanted=chosen, order=FIRST, limit=1000) for chosen, _ in wanted]
    counts = [partial(request_lists.count, wanted=chosen) for chosen, _ in wanted]
    answered = 0
    for who in ACTORS:
        for instant in (None, model.log[60].recorded_at, model.log[200].recorded_at - timedelta(microseconds=1)):
            seen = model.seen(who, DeploymentRequest, instant)
            found = recorded.ask_all(who, pages, as_of=instant)
            counted = recorded.ask_all(who, counts, as_of=instant)
            for (chosen, keeps), page, count in zip(wanted, found, counted, strict=True):
                expected = sorted(filter(keeps, seen), key=lambda state: (state.submitted_at, state.id))
                assert [state for _, state in page] == expected, (who, instant, chosen)
                assert count == [len(expected)]
                answered += len(expected)
    assert answered > 400


@pytest.mark.parametrize("order", list(RequestOrder))
@pytest.mark.parametrize("place", [-20, None])
def test_pages_follow_each_other_without_a_gap(recorded: World, order: RequestOrder, place: int | None) -> None:
    """place: of the event as of which the list is read."""
    model = Model(recorded.log())
    instant = None if place is None else model.log[place].recorded_at
    found: list[DeploymentRequest] = []
    after: ListPosition | None = None
    while True:
        question = partial(request_lists.page, wanted=RequestListFilter(), order=order, limit=7, after=after)
        page = recorded.ask(SYSTEM, question, as_of=instant)
        found += [state for _, state in page]
        if not page:
            break
        after = page[-1][0]
    everything = model.seen(SYSTEM, DeploymentRequest, instant)
    assert len(found) == len({state.id for state in found}) == len(everything)
    keys = [(KEYS[order.rpartition("_")[0]](state), state.id) for state in found]
    assert len({key for key, _ in keys}) > 1
    assert keys == sorted(keys, reverse="DESC" in order)


@pytest.mark.parametrize("overdue", [True, False])
def test_overdue_is_judged_by_the_time_asked_for(recorded: World, overdue: bool) -> None:
    model = Model(recorded.log())
    instant = model.log[-1].recorded_at
    question = partial(request_lists.page, wanted=RequestListFilter(overdue=overdue), order=FIRST, limit=1000)
    expected = {state.id for state in model.seen(SYSTEM, DeploymentRequest) if state.is_overdue(instant) == overdue}
    assert expected
    for moment in (None, instant):
        assert {state.id for _, state in recorded.ask(SYSTEM, question, as_of=moment)} == expected


def test_requests_on_an_invisible_incident_are_not_found_by_it(recorded: World) -> None:
    model = Model(recorded.log())
    named = {each for request in model.seen(SYSTEM, DeploymentRequest) for each in request.incidents}
    hidden = 0
    for who in ACTORS:
        visible = {incident.id for incident in model.seen(who, Incident)}
        questions = [partial(request_lists.count, wanted=RequestListFilter(incident=incident)) for incident in named]
        for incident, counted in zip(named, recorded.ask_all(who, questions), strict=True):
            resting = [state for state in model.seen(who, DeploymentRequest) if incident in state.incidents]
            assert counted == [len(resting) if incident in visible else 0]
            hidden += len(resting) if incident not in visible else 0
    assert hidden > 0


def test_incidents_are_listed_and_counted(recorded: World) -> None:
    model = Model(recorded.log())
    wanted: list[tuple[incidents.IncidentListFilter, Callable[[Incident], bool]]] = [
        (incidents.IncidentListFilter(), lambda incident: True),
        (incidents.IncidentListFilter(attribution_status=["OPEN"]), lambda incident: incident.status == "OPEN"),
        (incidents.IncidentListFilter(region=["xk"]), lambda incident: in_regions(incident.region, ["xk"])),
        (incidents.IncidentListFilter(kind=["sabotage"]), lambda incident: incident.kind == "sabotage"),
        (incidents.IncidentListFilter(occurred_from=START), lambda incident: incident.occurred_at >= START),
        (incidents.IncidentListFilter(occurred_until=START), lambda incident: incident.occurred_at < START),
    ]
    counts = [partial(incidents.count, wanted=chosen) for chosen, _ in wanted]
    for who in ACTORS:
        for instant in (None, model.log[150].recorded_at):
            seen = model.seen(who, Incident, instant)
            counted = recorded.ask_all(who, counts, as_of=instant)
            for (chosen, keeps), count in zip(wanted, counted, strict=True):
                expected = sorted(filter(keeps, seen), key=lambda s: (s.occurred_at, s.id), reverse=True)
                assert all_pages(recorded, who, chosen, instant) == expected
                assert count == [len(expected)]


def all_pages(
    world: World, who: Actor, chosen: incidents.IncidentListFilter, instant: datetime | None
) -> list[Incident]:
    found: list[Incident] = []
    after: ListPosition | None = None
    while True:
        page = world.ask(who, partial(incidents.page, wanted=chosen, limit=20, after=after), as_of=instant)
        found += [state for _, state in page]
        if len(page) < 20:
            return found
        after = page[-1][0]
