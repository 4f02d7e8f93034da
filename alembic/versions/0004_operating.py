"""What operators need to know and to ask for: streams set aside, rebuilds asked for, and what came of them.

parked_streams: by view, the streams of which an event could not be applied, and why. parked_events: that event and all
later ones of the stream, in order. mends: raised whenever rows are changed by others than the view's follower, which
then remembers nothing of them. rebuild_orders: what a worker is to build anew. rebuild_outcomes: how the last ended.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE projections.checkpoints ADD COLUMN mends bigint NOT NULL DEFAULT 0;
ALTER TABLE projections.rebuilds ADD COLUMN cancelled boolean NOT NULL DEFAULT false;
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
    for statements in (TABLES, ASK):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
