"""Webhook endpoints: their view, and the messages to them."""

from alembic import op

revision = "0018_deliveries"
down_revision = "0017_incident_inbox"
branch_labels = None
depends_on = None

ENDPOINTS = """
CREATE TABLE projections.webhook_endpoints (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    authority text NOT NULL,
    name text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX ix_webhook_endpoints_present_id
    ON projections.webhook_endpoints (id) WHERE valid_until = 'infinity'::timestamptz;
INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
VALUES ('webhook_endpoints', 1, 0, now(), 'STOPPED') ON CONFLICT DO NOTHING;
"""

DELIVERIES = """
CREATE TABLE projections.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY,
    endpoint uuid NOT NULL,
    key text NOT NULL,
    subject uuid NOT NULL,
    type text NOT NULL,
    position bigint,
    at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'PENDING',
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    claim uuid,
    claimed_until timestamptz,
    ended_at timestamptz,
    outcome text,
    CONSTRAINT pk_deliveries PRIMARY KEY (id),
    CONSTRAINT uq_deliveries_endpoint_key UNIQUE (endpoint, key)
);
CREATE INDEX ix_deliveries_due ON projections.deliveries (endpoint, due_at) WHERE state = 'PENDING';
CREATE INDEX ix_deliveries_open
    ON projections.deliveries (endpoint, subject, id) WHERE state IN ('PENDING', 'DEAD');
CREATE TABLE projections.delivery_endpoints (
    id uuid NOT NULL,
    kind text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_delivery_endpoints PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (ENDPOINTS, DELIVERIES):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
