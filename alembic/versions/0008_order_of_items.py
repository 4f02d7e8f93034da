"""Appends whose items are numbered in their order: their events' time follows it, and no role can forge time.

Last of all, what who reads has to wait for: indexes that others replaced (0005) are dropped, and documents are stored
as they are, since to compress them took a third more of the time of loading them.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND = """
CREATE OR REPLACE FUNCTION event_store.append(
    items int[], streams uuid[], versions bigint[], topics text[], states bytea[], texts bytea[],
    read_items int[], read_streams uuid[], read_versions bigint[],
    OUT head bigint, OUT stamp timestamptz, OUT lost_items int[], OUT lost_streams uuid[]
) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    last_at timestamptz;
    appended bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append runs at READ COMMITTED alone: it must see what was committed before its lock';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT w.item - lag(w.item, 1, 0) OVER (ORDER BY w.place) AS step, w.item, w.place
            FROM unnest(items) WITH ORDINALITY AS w (item, place)
        ) AS steps WHERE steps.step NOT IN (0, 1) OR (steps.place = 1 AND steps.item <> 0)
    ) THEN
        RAISE EXCEPTION 'items are numbered from 0 on, each in its turn: their events are stamped by it';
    END IF;
    PERFORM pg_advisory_xact_lock({lock});

    SELECT array_agg(item), array_agg(stream) INTO lost_items, lost_streams FROM (
        SELECT w.item, w.stream FROM unnest(items, streams, versions) AS w (item, stream, version)
        WHERE EXISTS (SELECT FROM event_store.events e
                      WHERE e.originator_id = w.stream AND e.originator_version = w.version)
        UNION
        SELECT r.item, r.stream FROM unnest(read_items, read_streams, read_versions) AS r (item, stream, version)
        WHERE EXISTS (SELECT FROM event_store.events e
                      WHERE e.originator_id = r.stream AND e.originator_version > r.version)
    ) AS moved;

    SELECT e.notification_id, e.recorded_at INTO head, last_at
    FROM event_store.events e ORDER BY e.notification_id DESC LIMIT 1;
    head := coalesce(head, 0);
    stamp := greatest(clock_timestamp(), last_at + interval '1 microsecond');

    WITH kept AS MATERIALIZED (
        SELECT w.*, head + row_number() OVER (ORDER BY w.place) AS position
        FROM unnest(items, streams, versions, topics, states, texts) WITH ORDINALITY
            AS w (item, stream, version, topic, state, texts, place)
        WHERE lost_items IS NULL OR w.item <> ALL (lost_items)
    ), inserted AS (
        INSERT INTO event_store.events
            (originator_id, originator_version, topic, state, notification_id, recorded_at)
        SELECT k.stream, k.version, k.topic, k.state, k.position, stamp + k.item * interval '1 microsecond'
        FROM kept k ORDER BY k.place
        RETURNING notification_id
    ), written AS (
        INSERT INTO event_store.event_texts (position, texts)
        SELECT k.position, k.texts FROM kept k WHERE k.texts IS NOT NULL
    )
    SELECT count(*) INTO appended FROM inserted;

    IF appended > 0 THEN
        PERFORM pg_notify('mandate_events', (head + appended)::text);
    END IF;
END $$;
"""

LOCK = str(0x6D616E64617465)  # "mandate": the appends' lock, one at a time in a database

REPLACED = (
    "ix_deployment_requests_submitted_at_id",
    "ix_deployment_requests_status_submitted_at_id",
    "ix_deployment_requests_present_submitted_at_id",
    "ix_deployment_requests_present_updated_at_id",
    "ix_deployment_requests_present_regions",
    "ix_incidents_occurred_at_id",
    "ix_incidents_present_occurred_at_id",
    "ix_incidents_present_regions",
)
DOCUMENTED = (
    "deployment_requests",
    "incidents",
    "authorities",
    "audit_trail",
    "audit_trail_memory",
    "situation_memory",
)


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    connection.exec_driver_sql(APPEND.replace("{lock}", LOCK))
    for index in REPLACED:
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS projections.{index}")
    for table in DOCUMENTED:
        connection.exec_driver_sql(f"ALTER TABLE projections.{table} ALTER COLUMN document SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
