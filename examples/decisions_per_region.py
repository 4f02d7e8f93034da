"""Counts the decisions on deployment requests per region, in an SQLite file: an own projection of the register.

    python -m examples.decisions_per_region decisions.db

It follows the register of this environment until it is interrupted. The next start continues where it ended.
"""

import sys
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder

from domain.deployment_request.events import RequestApproved, RequestSubmitted
from domain.recorded_event import Recorded
from service.database.startup import open_database
from service.event_store.eventsourcing_adapter import Register
from service.settings import Settings

TABLES = (
    "CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, region TEXT)",
    "CREATE TABLE IF NOT EXISTS decisions (region TEXT PRIMARY KEY, approved INTEGER, denied INTEGER)",
)
COUNT = """
    INSERT INTO decisions SELECT region, :approved, :denied FROM requests WHERE id = :request
    ON CONFLICT (region) DO UPDATE SET approved = approved + excluded.approved, denied = denied + excluded.denied
"""


class DecisionCounts(SQLiteTrackingRecorder):
    """The tables. Each method writes them together with the position, in one transaction."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *TABLES]

    def submitted(self, request: UUID, region: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT INTO requests VALUES (?, ?)", [str(request), region])

    def decided(self, request: UUID, tracking: Tracking, *, approved: bool) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(COUNT, {"request": str(request), "approved": approved, "denied": not approved})


class DecisionsPerRegion(Projection[DecisionCounts]):
    """Calls the view for each event. topics: the only events that are sent."""

    name = "decisions_per_region"
    topics = ("RequestSubmitted", "RequestApproved", "RequestDenied")

    def process_event(self, recorded: Recorded[Any], tracking: Tracking) -> None:
        match recorded.event:
            case RequestSubmitted(region=region):
                self.view.submitted(recorded.stream, region, tracking)
            case decision:
                self.view.decided(recorded.stream, tracking, approved=isinstance(decision, RequestApproved))


def follow(file: str) -> None:
    """Follows the register until it is interrupted. Raises what the register or the view raises."""
    with open_database(Settings.from_environment()) as urls:
        settings = {
            "MANDATE_DATABASE_URL": urls.api,
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": file,
        }
        with ProjectionRunner(
            application_class=Register, projection_class=DecisionsPerRegion, view_class=DecisionCounts, env=settings
        ) as runner:
            runner.run_forever()


if __name__ == "__main__":
    follow(sys.argv[1])
