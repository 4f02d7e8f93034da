"""Indexes for lists as of then, and at the end of those of now what filters ask for and never changes.

Those that they replace go last of all (0008): who reads waits for what drops an index until all is committed.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PLACE = """((regions[1] COLLATE "C") || '/'::text)"""

REQUESTS = """
CREATE INDEX ix_deployment_requests_present_submitted ON projections.deployment_requests
    (submitted_at, id, requesting_authority, deciding_authority, {place}) INCLUDE (audience, regions)
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_updated ON projections.deployment_requests
    (updated_at, id, requesting_authority, deciding_authority, {place})
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_first ON projections.deployment_requests
    (submitted_at, id, valid_from, requesting_authority, deciding_authority, {place}) INCLUDE (audience, regions)
    WHERE version = 1;
CREATE INDEX ix_deployment_requests_first_audience ON projections.deployment_requests USING gin (audience)
    WHERE version = 1;
CREATE INDEX ix_deployment_requests_standing ON projections.deployment_requests (id, valid_from, valid_until);
CREATE INDEX ix_deployment_requests_updated ON projections.deployment_requests
    (valid_from, id, valid_until, submitted_at, requesting_authority, deciding_authority, {place});
CREATE INDEX ix_deployment_requests_status_submitted ON projections.deployment_requests
    (status, submitted_at, id, valid_from, valid_until);
CREATE INDEX ix_deployment_requests_status_updated ON projections.deployment_requests
    (status, valid_from, id, valid_until);
CREATE INDEX ix_deployment_requests_overdue ON projections.deployment_requests (due_at, valid_until, valid_from)
    WHERE due_at < valid_until;
CREATE INDEX ix_deployment_requests_questioned ON projections.deployment_requests (valid_from, valid_until)
    WHERE questioned;
CREATE INDEX ix_deployment_requests_incidents ON projections.deployment_requests USING gin (incidents);
"""

INCIDENTS = """
CREATE INDEX ix_incidents_present_occurred ON projections.incidents
    (occurred_at, id, kind, {place}) INCLUDE (audience, regions)
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incidents_first ON projections.incidents
    (occurred_at, id, valid_from, kind, {place}) INCLUDE (audience, regions)
    WHERE version = 1;
CREATE INDEX ix_incidents_standing ON projections.incidents (id, valid_from, valid_until);
CREATE INDEX ix_incidents_status_occurred ON projections.incidents
    (status, occurred_at, id, valid_from, valid_until);
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (REQUESTS, INCIDENTS):
        connection.exec_driver_sql(statements.replace("{place}", PLACE))


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
