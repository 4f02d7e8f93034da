"""A row of a request says when its decision is due, and what is asked for or intended and not decided."""

from datetime import UTC, datetime
from typing import Any

from domain.vocabulary import SYSTEM
from service.exchange.exports.table_rows import REQUEST_COLUMNS, request_rows
from service.exchange.visible_log.scope import scope_of
from service.exchange.visible_log.visibility import Visibility
from service.exchange.visible_log.visible_events import VisibleLog
from service.processes.composition import now
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    FOUNDED,
    REVIEWS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)

DECIDED = (
    *FOUNDED[:2],
    {**FOUNDED[2], "input": {**FOUNDED[2]["input"], "answerWithinDays": 20, "hearing": True}},
    asked("a"),
    line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
    line("a", "endorseDeploymentRequest", "2017-03-03", REVIEWS, {**WHY, "recommendation": "APPROVE"}),
    line("a", "approveDeploymentRequest", "2017-03-04", APPROVES, WHY),
)


def row_of(register: Importer) -> dict[str, Any]:
    at = now()
    scope = scope_of(register.store, SYSTEM, at)
    [row] = request_rows(VisibleLog(register.store, scope, Visibility(register.store, SYSTEM, at, scope.present)))
    return dict(zip(REQUEST_COLUMNS, row, strict=True))


def test_what_waits_has_its_columns(database_urls: DatabaseUrls) -> None:
    with opened(database_urls.api) as register:
        register.takes(
            *DECIDED,
        )
        decided = row_of(register)
        assert decided["answerBy"] == datetime(2017, 3, 21, 12, tzinfo=UTC)
        assert [decided[name] for name in ("extensionUntil", "noticeUntil", "statementAt")] == [None] * 3


def test_an_extension_and_a_notice_have_their_columns(database_urls: DatabaseUrls) -> None:
    with opened(database_urls.api) as register:
        register.takes(
            *DECIDED,
            line("a", "askExtension", "2017-03-05", ASKS, {**WHY, "until": "2018-06-01T00:00:00Z"}),
            line("a", "giveNotice", "2017-03-06", APPROVES, {"grounds": "EXERCISE", "until": "2017-04-01T00:00:00Z"}),
            line("a", "makeStatement", "2017-03-07", ASKS, {"statement": "EXERCISE"}),
        )
        row = row_of(register)
        assert row["extensionUntil"] == datetime(2018, 6, 1, tzinfo=UTC)
        assert row["noticeUntil"] == datetime(2017, 4, 1, tzinfo=UTC)
        assert row["statementAt"] == datetime(2017, 3, 7, 12, tzinfo=UTC)
