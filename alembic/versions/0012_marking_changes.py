"""Readers wait until the views have every recorded change of a marking: rows of before would show too much."""

from alembic import op

from service.database.migrations import build_index

revision = "0012_marking_changes"
down_revision = "0011_lineages"
branch_labels = None
depends_on = None

TOPICS = "topic IN ('RequestMarkingChanged', 'IncidentMarkingChanged')"

REQUIRE = f"""
CREATE FUNCTION projections.require_markings(views text[]) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    reached bigint;
    newest bigint;
BEGIN
    SELECT min(CASE WHEN EXISTS (SELECT FROM event_store.events e
                                 WHERE e.notification_id = c.position AND e.recorded_at = c.recorded_at)
               THEN c.position ELSE 0 END)
    INTO reached FROM projections.checkpoints c WHERE c.view = ANY(views);
    SELECT e.notification_id INTO newest FROM event_store.events e
    WHERE {TOPICS} AND e.notification_id > reached ORDER BY e.notification_id DESC LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'MV001' USING MESSAGE = newest;
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION projections.require_markings(text[]) IS
    'Raises MV001 with the position of the newest change of a marking that one of the views lacks.';
"""  # noqa: S608


def upgrade() -> None:
    build_index("event_store.events_marking_changes_idx", f"ON event_store.events (notification_id) WHERE {TOPICS}")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(REQUIRE)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
