"""Checkpoints of the views, parked streams and events, and the requests, progress and outcomes of rebuilds.

checkpoints.mends: incremented when anyone but the follower changes rows of the view; the follower then drops its cache.
parked_events: the first event of a stream that cannot be applied, and all later events of the stream.
"""

from alembic import op

revision = "0003_followers_and_rebuilds"
down_revision = "0002_views"
branch_labels = None
depends_on = None

FOLLOWING = """
CREATE TABLE projections.checkpoints (
    view text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz,
    updated_at timestamptz NOT NULL,
    state text NOT NULL,
    last_error text,
    failed_at timestamptz,
    parked integer NOT NULL DEFAULT 0,
    mends bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_checkpoints PRIMARY KEY (view)
);
CREATE TABLE projections.parked_streams (
    view text NOT NULL,
    stream uuid NOT NULL,
    position bigint NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    CONSTRAINT pk_parked_streams PRIMARY KEY (view, stream)
);
CREATE TABLE projections.parked_events (
    view text NOT NULL,
    stream uuid NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT pk_parked_events PRIMARY KEY (view, stream, position)
);
INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
SELECT view, 1, 0, now(), 'STOPPED'
FROM unnest(ARRAY['deployment_requests', 'incidents', 'authorities', 'audit_trail', 'situation']) AS view;
"""

REBUILDS = """
CREATE TABLE projections.rebuilds (
    view text NOT NULL,
    version integer NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    processed bigint NOT NULL,
    total bigint NOT NULL,
    cancelled boolean NOT NULL DEFAULT false,
    step text,
    swaps boolean,
    CONSTRAINT pk_rebuilds PRIMARY KEY (view)
);
CREATE TABLE projections.rebuild_orders (
    view text NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT pk_rebuild_orders PRIMARY KEY (view)
);
CREATE TABLE projections.rebuild_outcomes (
    view text NOT NULL,
    version integer NOT NULL,
    ended_at timestamptz NOT NULL,
    outcome text NOT NULL,
    differing bigint NOT NULL,
    told text NOT NULL,
    CONSTRAINT pk_rebuild_outcomes PRIMARY KEY (view)
);
"""

ASK = """
CREATE FUNCTION projections.ask_rebuild(asked text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO projections.rebuild_orders (view, asked_at)
    SELECT c.view, clock_timestamp() FROM projections.checkpoints c WHERE c.view = asked
    ON CONFLICT DO NOTHING;
    PERFORM pg_notify('mandate_rebuilds', asked);
END $$;
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (FOLLOWING, REBUILDS, ASK):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
