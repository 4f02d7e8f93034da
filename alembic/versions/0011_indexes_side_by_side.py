"""The indexes of a copy, each built by a function of its own, so that several sessions can build them side by side.

Two sessions that build one index each, with no workers of PostgreSQL's own, take up to a third less time than one with
workers: those sort apart what is then merged, and begin anew for each index. Older code calls `index_copy`.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FUNCTIONS = """
CREATE FUNCTION projections.build_index(index text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET maintenance_work_mem = '128MB'
    SET max_parallel_maintenance_workers = 0
AS $$
DECLARE
    definition text;
BEGIN
    SELECT replace(pg_get_indexdef(x.indexrelid), format(' ON projections.%I ', t.relname),
                   format(' ON projections_next.%I ', t.relname))
    INTO STRICT definition
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indexrelid = format('projections.%I', index)::regclass;
    EXECUTE definition;
END $$;

CREATE FUNCTION projections.complete_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    key text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        SELECT conname INTO STRICT key FROM pg_constraint
        WHERE conrelid = format('projections.%I', name)::regclass AND contype = 'p';
        EXECUTE format('ALTER TABLE projections_next.%1$I ADD CONSTRAINT %2$I PRIMARY KEY USING INDEX %2$I', name, key);
        EXECUTE format('ANALYZE projections_next.%I', name);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(FUNCTIONS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
