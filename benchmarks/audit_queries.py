"""Queries of the audit benchmark: pages of the audit trail, filtered lists, counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from benchmarks.random_actors import BEGINNING, SPAN
from benchmarks.register import official
from domain.visibility import AUDITORS, EVERYBODY, REGISTERED, Viewer, authority, region
from domain.vocabulary import AuthorityCode, Region, Role
from projections.reading.queries import ListPosition, Query, ViewerScope
from projections.views import audit_trail_queries, inbox, request_lists, situation_counts
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange
from projections.views.inbox import InboxFilter, InboxPosition
from projections.views.inbox_recipient import Recipient
from projections.views.request_list_filter import RequestListFilter as Filter
from projections.views.request_list_filter import RequestOrder

AUDITOR: Final = ViewerScope(viewer=Viewer(frozenset({EVERYBODY, REGISTERED, AUDITORS})))
OFFICIAL: Final = ViewerScope(viewer=Viewer(frozenset({EVERYBODY, REGISTERED, authority(AuthorityCode("district-c"))})))
PAGE: Final = 21
"""Page size plus one row, for hasNextPage."""
LATEST: Final = UUID(int=2**128 - 1)
THEN: Final = {"early": 0.1, "in the middle": 0.5, "late": 0.9, "a moment ago": 1.009}
"""As-of instants as shares of the time span. A history of a million events ends at 1.0095."""

Trail = AuditTrailFilter


@dataclass(frozen=True, slots=True)
class SampleValues:
    """Sample values of the history for the queries. last: the last position."""

    last: int
    request: UUID
    incident: UUID
    correlation: UUID


def instant(share: float) -> datetime:
    return BEGINNING + share * SPAN


def as_of(sight: ViewerScope, share: float) -> ViewerScope:
    return replace(sight, as_of=instant(share))


def pages(samples: SampleValues) -> Mapping[str, Query[Any]]:
    """Pages of the audit trail."""

    def page(sight: ViewerScope = AUDITOR, after: int = 0, *, newest_first: bool = False, **wanted: Any) -> Query[Any]:
        part = PositionRange(after=after, newest_first=newest_first)
        return audit_trail_queries.page(sight, Trail(**wanted), PAGE, part)

    middle = samples.last // 2
    return {
        "the first page": page(),
        "a page in the middle": page(after=middle),
        "the last page": page(after=samples.last - 20),
        "the newest first": page(newest_first=True),
        "in the middle, as an official": page(OFFICIAL, middle),
        "by type, in the middle": page(after=middle, type=["RequestWithheld", "ReviewResumed"]),
        "by actor": page(after=middle, actor="alder.reviewer.2"),
        "by authority": page(after=middle, authority="district-c"),
        "by time": page(recorded_from=instant(0.4), recorded_until=instant(0.41)),
        "by when it happened": page(occurred_from=instant(0.4), occurred_until=instant(0.41)),
        "by correlation": page(correlation_id=samples.correlation),
        "the history of one request": audit_trail_queries.histories(AUDITOR, [samples.request], PAGE),
    }


def lists(samples: SampleValues) -> Mapping[str, tuple[ViewerScope, Filter, RequestOrder]]:
    """Lists of requests: every filter of the API except text."""
    newest = RequestOrder.SUBMITTED_AT_DESC
    return {
        "all": (AUDITOR, Filter(), newest),
        "all, the oldest first": (AUDITOR, Filter(), RequestOrder.SUBMITTED_AT_ASC),
        "all, by update": (AUDITOR, Filter(), RequestOrder.UPDATED_AT_DESC),
        "all, by due date": (AUDITOR, Filter(), RequestOrder.DUE_ASC),
        "withheld, by due date": (AUDITOR, Filter(status=["WITHHELD_PENDING_ATTRIBUTION"]), RequestOrder.DUE_ASC),
        "all, as an official": (OFFICIAL, Filter(), newest),
        "approved": (AUDITOR, Filter(status=["APPROVED"]), newest),
        "under review": (AUDITOR, Filter(status=["UNDER_REVIEW"]), newest),
        "withheld, by update": (AUDITOR, Filter(status=["WITHHELD_PENDING_ATTRIBUTION"]), RequestOrder.UPDATED_AT_DESC),
        "of one requester": (AUDITOR, Filter(requesting_authority=["district-c"]), newest),
        "of one decider": (AUDITOR, Filter(deciding_authority=["alder"]), newest),
        "in one place": (AUDITOR, Filter(region=["ce/north/old-mill"]), newest),
        "about one incident": (AUDITOR, Filter(incident=samples.incident), newest),
        "overdue": (AUDITOR, Filter(overdue=True), newest),
        "questioned": (AUDITOR, Filter(questioned=True), newest),
        "submitted in one month": (
            AUDITOR, Filter(submitted_from=instant(0.08), submitted_until=instant(0.095)), newest,
        ),
    }  # fmt: skip


def pages_of(wanted: tuple[ViewerScope, Filter, RequestOrder], share: float | None) -> Iterator[Query[Any]]:
    """The first page of a list and one in its middle, now or as of an instant."""
    sight, filtered, order = wanted
    seen = sight if share is None else as_of(sight, share)
    halfway = ListPosition(instant((share or 1.0) / 2), LATEST)
    for after in (None, halfway):
        yield request_lists.page(seen, filtered, order, PAGE, after)


INBOX: Final = "what waits for an official"
WHOSE: Final = Recipient(
    actor=official(AuthorityCode("alder"), Role.REVIEWER, Role.APPROVER, Role.INVESTIGATOR), holds=("al",)
)
DECIDER: Final = ViewerScope(
    viewer=Viewer(frozenset({EVERYBODY, REGISTERED, authority(AuthorityCode("alder")), region(Region("al"))}))
)


def inbox_of(share: float | None) -> Iterator[Query[Any]]:
    """The first page of an inbox and one in its middle, now or as of an instant."""
    seen = DECIDER if share is None else as_of(DECIDER, share)
    halfway = InboxPosition(instant((share or 1.0) / 2), LATEST)
    for after in (None, halfway):
        yield inbox.page(seen, WHOSE, InboxFilter(), PAGE, after)


def counts(samples: SampleValues) -> Mapping[str, Callable[[ViewerScope], Query[Any]]]:
    return {
        "how many requests": lambda sight: request_lists.count(sight, Filter()),
        f"how much of {INBOX}": lambda sight: inbox.count(replace(DECIDER, as_of=sight.as_of), WHOSE, InboxFilter()),
        "how many approved": lambda sight: request_lists.count(sight, Filter(status=["APPROVED"])),
        "how many in one place": lambda sight: request_lists.count(sight, Filter(region=["ce/north/old-mill"])),
        "the situation of every region": lambda sight: situation_counts.by_region(sight, None),
        "the situation of one region": lambda sight: situation_counts.by_region(sight, ["ce/north"]),
    }
