"""The access log: who was shown sensitive material, or took material out.

`record_access` is the only way to add entries for the service's roles, and sets their time. Nothing changes an entry;
the worker deletes those that are older than the retention setting.
"""

from alembic import op

revision = "0008_access_log"
down_revision = "0007_regions"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE event_store.access_log (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    reader_kind text NOT NULL,
    reader_issuer text NOT NULL,
    reader_subject text NOT NULL,
    reader_authority text NOT NULL,
    reader_roles text[] NOT NULL,
    what text NOT NULL,
    subjects uuid[] NOT NULL,
    document text,
    marking text,
    audience text[] NOT NULL,
    CONSTRAINT pk_access_log PRIMARY KEY (id)
);
CREATE INDEX ix_access_log_at_id ON event_store.access_log (at, id);
CREATE INDEX ix_access_log_subjects ON event_store.access_log USING gin (subjects);
CREATE TRIGGER never_changed BEFORE UPDATE OR TRUNCATE ON event_store.access_log
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();
ALTER TABLE event_store.access_log ENABLE ALWAYS TRIGGER never_changed;
"""

RECORD = """
CREATE FUNCTION event_store.record_access(entries jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stamp timestamptz := clock_timestamp();
BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    INSERT INTO event_store.access_log
    SELECT gen_random_uuid(), stamp, e.reader_kind, e.reader_issuer, e.reader_subject, e.reader_authority,
           e.reader_roles, e.what, e.subjects, e.document, e.marking, e.audience
    FROM jsonb_to_recordset(entries) AS e (
        reader_kind text, reader_issuer text, reader_subject text, reader_authority text, reader_roles text[],
        what text, subjects uuid[], document text, marking text, audience text[]
    );
END $$;
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (TABLE, RECORD):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
