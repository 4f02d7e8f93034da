"""The event store: events, texts, people, and the only function that appends.

`events` has the columns, key and index that the eventsourcing library creates, plus `recorded_at`. Positions have no
gap: they are assigned under a lock.
"""

from alembic import op

revision = "0001_event_store"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE event_store.events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text,
    state bytea,
    notification_id bigserial,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX events_notification_id_idx ON event_store.events (notification_id);

CREATE TABLE event_store.event_texts (
    position bigint NOT NULL,
    texts bytea NOT NULL,
    CONSTRAINT pk_event_texts PRIMARY KEY (position),
    CONSTRAINT fk_event_texts_position_events FOREIGN KEY (position) REFERENCES event_store.events (notification_id)
);

CREATE TABLE event_store.people (
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (issuer, subject)
);
"""

IMMUTABLE = """
CREATE FUNCTION event_store.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was recorded is never changed: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();
ALTER TABLE event_store.events ENABLE ALWAYS TRIGGER never_changed;
"""

APPEND = """
CREATE FUNCTION event_store.append(
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

AS_OF = """
CREATE FUNCTION event_store.position_as_of(instant timestamptz) RETURNS bigint LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    at timestamptz;
BEGIN
    -- An append that has stamped its events and not yet committed holds this lock.
    PERFORM pg_advisory_xact_lock_shared({lock});
    SELECT e.notification_id, e.recorded_at INTO high, at
    FROM event_store.events e ORDER BY e.notification_id DESC LIMIT 1;
    IF high IS NULL OR at <= instant THEN
        RETURN coalesce(high, 0);
    END IF;
    -- Time never falls as positions rise: what is at or before the instant lies in [low, high).
    WHILE high - low > 1 LOOP
        middle := low + (high - low) / 2;
        SELECT e.recorded_at INTO at FROM event_store.events e WHERE e.notification_id = middle;
        IF at <= instant THEN low := middle; ELSE high := middle; END IF;
    END LOOP;
    RETURN low;
END $$;
"""

LOCK = str(0x6D616E64617465)  # "mandate": the lock of appends, one at a time in a database


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (TABLES, IMMUTABLE, APPEND, AS_OF):
        connection.exec_driver_sql(statements.replace("{lock}", LOCK))


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
