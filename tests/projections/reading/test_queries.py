"""Questions whose statement is built once: they differ in values alone, and find nothing without them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from domain.deployment_request.state import DeploymentRequest
from domain.visibility import EVERYBODY, Viewer
from projections.reading import person_names
from projections.reading.queries import EVERYTHING, ListPosition, Query, ViewerScope
from projections.views import (
    audit_trail_feed,
    audit_trail_queries,
    authorities,
    deployment_requests,
    incidents,
    request_lists,
)
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from tests.projections.histories import Histories
from tests.projections.world import World

NOW = datetime(2024, 11, 29, tzinfo=UTC)
WHO = ViewerScope(viewer=Viewer(frozenset({EVERYBODY})))
ANOTHER = ViewerScope(viewer=Viewer(frozenset({EVERYBODY, "registered"})))
THEN = ViewerScope(viewer=WHO.viewer, as_of=datetime(2024, 11, 29, tzinfo=UTC))
LATER = ViewerScope(viewer=ANOTHER.viewer, as_of=datetime(2024, 12, 1, tzinfo=UTC))


def test_all_viewers_share_a_statement_and_so_do_all_pasts() -> None:
    for by_ids in (deployment_requests.by_ids, incidents.by_ids):
        kinds = [
            {id(by_ids(sight, [uuid4()]).statement) for sight in alike}
            for alike in ((WHO, ANOTHER), (THEN, LATER), (EVERYTHING, EVERYTHING.now()))
        ]
        assert [len(statements) for statements in kinds] == [1, 1, 1]
        assert len(set.union(*kinds)) == 3


def test_statements_of_single_subjects_and_events_are_built_once() -> None:
    """However many ids are given."""

    def asked(sight: ViewerScope, number: int) -> list[Query[Any]]:
        ids, texts, numbers = [uuid4() for _ in range(number)], ["text"] * number, [*range(number)]
        trail = AuditTrailFilter(type=texts, recorded_from=NOW, subject=ids[0])
        return [
            audit_trail_queries.page(sight, trail, number, PositionRange(after=number)),
            audit_trail_queries.histories(sight, ids, number, PositionRange(after=number)),
            audit_trail_queries.count(sight, trail),
            audit_trail_queries.history_lengths(sight, ids),
            audit_trail_queries.happened(sight, ids, datetime(2024, 1, number, tzinfo=UTC)),
            incidents.SUBJECTS.at_versions(sight, zip(ids, numbers, strict=True)),
            audit_trail_queries.at_positions(sight, numbers),
            audit_trail_queries.seen(sight, ids),
            audit_trail_queries.naming(sight, ids, ids),
            audit_trail_feed.next_entries(sight, trail, number, number, texts),
            deployment_requests.by_references(sight, texts),
            deployment_requests.at_versions(sight, zip(ids, numbers, strict=True)),
            deployment_requests.resting_on(sight, ids),
            deployment_requests.newest_versions(ids),
            authorities.by_ids(sight, ids),
            authorities.jurisdictions_by_ids(sight, ids),
            authorities.jurisdictions_of(sight, texts),
            person_names.names(zip(texts, texts, strict=True)),
        ]

    for few, many in zip(asked(WHO, 1), asked(ANOTHER, 3), strict=True):
        assert few.statement is many.statement
        assert few.values != many.values


def test_lists_whose_filters_have_one_shape_share_a_statement() -> None:
    newest, place = RequestOrder.SUBMITTED_AT_DESC, ListPosition(datetime(2024, 11, 1, tzinfo=UTC), uuid4())
    first, another = (
        RequestListFilter(status=["APPROVED"], region=["xk"]),
        RequestListFilter(status=["DENIED"], region=["xk/north", "xk"]),
    )
    pages = [
        request_lists.page(THEN, first, newest, 20),
        request_lists.page(LATER, another, newest, 7),
    ]
    assert pages[0].statement is pages[1].statement
    assert [(page.values["limit"], page.values["region_0"]) for page in pages] == [(20, "xk"), (7, "xk")]
    others = [
        request_lists.page(WHO, first, newest, 20),
        request_lists.page(THEN, first, RequestOrder.SUBMITTED_AT_ASC, 20),
        request_lists.page(THEN, first, newest, 20, place),
        request_lists.page(THEN, RequestListFilter(status=["APPROVED", "DENIED"], region=["xk"]), newest, 20),
        request_lists.page(THEN, RequestListFilter(status=["APPROVED"], region=["xk"], overdue=True), newest, 20),
        request_lists.page(THEN, RequestListFilter(status=["APPROVED"], region=["xk"], overdue=False), newest, 20),
    ]
    assert len({id(page.statement) for page in (*pages, *others)}) == 1 + len(others)


def test_arbitrary_filters_give_few_statement_shapes() -> None:
    """A statement that is kept takes memory: as many values as there may be must not make as many statements."""
    codes = [f"nobody-{number}" for number in range(100)]
    pages = {
        id(request_lists.page(WHO, chosen, RequestOrder.UPDATED_AT_ASC, 20).statement)
        for size in range(9, 101)
        for chosen in (
            RequestListFilter(region=codes[:size]),
            RequestListFilter(requesting_authority=codes[:size]),
            RequestListFilter(deciding_authority=codes[:size]),
            RequestListFilter(text=" ".join(codes[:size])),
        )
    }
    assert len(pages) == 4
    incidents_pages = (
        incidents.page(WHO, incidents.IncidentListFilter(kind=codes[:size]), 20) for size in range(2, 101)
    )
    assert len({id(page.statement) for page in incidents_pages}) == 1


def test_a_statement_without_viewer_values_finds_nothing(world: World) -> None:
    histories = Histories(43)
    world.append([histories.opening(), *histories.items(60)])
    world.apply()
    [(audience, subject)] = _rows(world, "SELECT audience, id FROM projections.deployment_requests LIMIT 1")
    question = deployment_requests.by_ids(ViewerScope(viewer=Viewer(frozenset(audience))), [subject])
    assert _asked(world, question, question.values) == [subject]
    assert _asked(world, question, {"ids": [subject]}) == []
    past = deployment_requests.by_ids(ViewerScope(viewer=EVERYTHING.viewer, as_of=datetime.now(UTC)), [subject])
    assert _asked(world, past, past.values) == [subject]
    assert _asked(world, past, {"ids": [subject]}) == []


def _rows(world: World, statement: str) -> list[tuple[list[str], UUID]]:
    with psycopg.connect(world.urls.owner) as connection:
        return connection.execute(statement.encode()).fetchall()


def _asked(world: World, question: Query[DeploymentRequest], values: Mapping[str, object]) -> list[UUID]:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(world.urls.owner), poolclass=NullPool
    )
    with engine.connect() as connection:
        return [question.read(row).id for row in connection.execute(question.statement, values).all()]
