"""The lineages of the log: a restore, or a failover, begins another one.

A restored server writes another timeline, a copied database is in another system. Whoever appends notes both first, so
the position is that of the last event that the lineages have in common.
"""

from alembic import op

revision = "0011_lineages"
down_revision = "0010_inbox"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE event_store.lineages (
    system_identifier bigint NOT NULL,
    timeline bigint NOT NULL,
    position bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_lineages PRIMARY KEY (system_identifier, timeline)
);
"""

NOTE = """
CREATE FUNCTION event_store.note_lineage() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    system bigint;
    written bigint;
BEGIN
    IF pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean THEN
        RETURN false;
    END IF;
    SELECT c.system_identifier INTO system FROM pg_control_system() c;
    written := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
    IF EXISTS (SELECT FROM event_store.lineages h WHERE h.system_identifier = system AND h.timeline = written) THEN
        RETURN false;
    END IF;
    INSERT INTO event_store.lineages (system_identifier, timeline, position)
    SELECT system, written, coalesce(max(e.notification_id), 0) FROM event_store.events e
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;
SELECT event_store.note_lineage();
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (TABLE, NOTE):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
