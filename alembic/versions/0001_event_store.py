"""The event store: events, texts, people, and the only function that appends.

`events` has the columns, key and index of the eventsourcing library, plus `recorded_at`. Positions have no gaps, since
they are assigned under a lock.
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

CREATE TABLE event_store.voided_events (
    position bigint NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    voided_by text NOT NULL,
    voided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_voided_events PRIMARY KEY (position),
    CONSTRAINT fk_voided_events_position_events FOREIGN KEY (position) REFERENCES event_store.events (notification_id)
);

CREATE TABLE event_store.people (
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (issuer, subject)
);

CREATE TABLE event_store.horizon (
    only_row boolean NOT NULL DEFAULT true,
    instant timestamptz NOT NULL,
    CONSTRAINT pk_horizon PRIMARY KEY (only_row),
    CONSTRAINT ck_horizon_only_row CHECK (only_row)
);
INSERT INTO event_store.horizon (instant) VALUES ('-infinity');
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
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store.voided_events
    FOR EACH STATEMENT EXECUTE FUNCTION event_store.refuse_change();
ALTER TABLE event_store.voided_events ENABLE ALWAYS TRIGGER never_changed;
"""

APPEND = """
CREATE FUNCTION event_store.append(
    items int[], streams uuid[], versions bigint[], topics text[], states bytea[], texts bytea[],
    read_items int[], read_streams uuid[], read_versions bigint[],
    OUT head bigint, OUT stamp timestamptz, OUT clock timestamptz, OUT lost_items int[], OUT lost_streams uuid[]
) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    last_at timestamptz;
    told_until timestamptz;
    appended bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append runs at READ COMMITTED alone: it must see what was committed before its lock';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot append in a read-only transaction' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    IF (cardinality(streams) = cardinality(items) AND cardinality(versions) = cardinality(items)
        AND cardinality(topics) = cardinality(items) AND cardinality(states) = cardinality(items)
        AND cardinality(texts) = cardinality(items) AND cardinality(read_streams) = cardinality(read_items)
        AND cardinality(read_versions) = cardinality(read_items)) IS NOT TRUE
    THEN
        RAISE EXCEPTION 'the arrays of the events, and those of the reads, must have the same length'
            USING ERRCODE = 'array_subscript_error';
    END IF;
    IF coalesce(array_position(items, NULL), array_position(streams, NULL), array_position(versions, NULL),
                array_position(topics, NULL), array_position(states, NULL), array_position(read_items, NULL),
                array_position(read_streams, NULL), array_position(read_versions, NULL)) IS NOT NULL
    THEN
        RAISE EXCEPTION 'NULL is accepted in texts alone' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT w.item, w.version, w.place, w.item - lag(w.item, 1, 0) OVER (ORDER BY w.place) AS step,
                   lag(w.version) OVER of_stream AS version_before, lag(w.item) OVER of_stream AS item_before
            FROM unnest(items, streams, versions) WITH ORDINALITY AS w (item, stream, version, place)
            WINDOW of_stream AS (PARTITION BY w.stream ORDER BY w.place)
        ) AS w
        WHERE w.step NOT IN (0, 1) OR (w.place = 1 AND w.item <> 0) OR w.version < 1
           OR w.version <> w.version_before + 1 OR w.item <> w.item_before
    ) THEN
        RAISE EXCEPTION 'items must be numbered 0, 1, 2 in their order, and each version of a stream must follow the '
            'one before it, in one item' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock({lock});

    -- A stream that is written or was consulted must end exactly where the decision saw it end.
    SELECT array_agg(item), array_agg(stream) INTO lost_items, lost_streams FROM (
        SELECT w.item, w.stream, min(w.version) - 1 AS version
        FROM unnest(items, streams, versions) AS w (item, stream, version) GROUP BY w.item, w.stream
        UNION ALL
        SELECT r.item, r.stream, r.version
        FROM unnest(read_items, read_streams, read_versions) AS r (item, stream, version)
    ) AS seen
    WHERE seen.version <> coalesce((
        SELECT e.originator_version FROM event_store.events e WHERE e.originator_id = seen.stream
        ORDER BY e.originator_version DESC LIMIT 1
    ), 0);

    SELECT e.notification_id, e.recorded_at INTO head, last_at
    FROM event_store.events e ORDER BY e.notification_id DESC LIMIT 1;
    head := coalesce(head, 0);
    SELECT h.instant INTO told_until FROM event_store.horizon h WHERE h.only_row;
    clock := clock_timestamp();
    stamp := greatest(clock, last_at + interval '1 microsecond', told_until + interval '1 microsecond');

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
-- The last position at or before an instant; the answer never changes. NULL if it is not determined yet.
CREATE FUNCTION event_store.position_as_of(instant timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    at timestamptz;
    told_until timestamptz;
    clock timestamptz;
BEGIN
    -- An append that has stamped its events and not yet committed holds this lock.
    PERFORM pg_advisory_xact_lock_shared({lock});
    SELECT e.notification_id, e.recorded_at INTO high, at
    FROM event_store.events e ORDER BY e.notification_id DESC LIMIT 1;
    IF high IS NULL OR at < instant THEN
        -- Nothing is recorded at or after the instant yet. The horizon keeps later appends behind it, whatever the
        -- clock says then.
        SELECT h.instant INTO told_until FROM event_store.horizon h WHERE h.only_row;
        IF told_until < instant THEN
            clock := clock_timestamp();
            IF clock < instant OR current_setting('transaction_read_only')::boolean THEN
                RETURN NULL;
            END IF;
            IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
                PERFORM set_config('synchronous_commit', 'on', true);
            END IF;
            UPDATE event_store.horizon AS h SET instant = clock WHERE h.only_row AND h.instant < clock;
        END IF;
        RETURN coalesce(high, 0);
    END IF;
    IF at = instant THEN
        RETURN high;
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

LOCK = str(0x6D616E64617465)  # "mandate": the append lock, one per database


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (TABLES, IMMUTABLE, APPEND, AS_OF):
        connection.exec_driver_sql(statements.replace("{lock}", LOCK))


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
