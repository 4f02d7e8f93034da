"""The functions by which a view is built anew beside the one that is served.

They belong to the role that migrates and act with its rights, so that a worker creates and owns nothing: it may only
fill a copy. A copy lies in a schema of its own, with the rights of the original from its beginning on.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COPIES = """
CREATE SCHEMA projections_next;

CREATE FUNCTION projections.begin_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    granted record;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DROP TABLE IF EXISTS projections_next.%I', name);
        EXECUTE format('CREATE TABLE projections_next.%1$I (LIKE projections.%1$I INCLUDING DEFAULTS'
            ' INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)', name);
        FOR granted IN
            SELECT a.privilege_type AS right_to, a.grantee::regrole AS role
            FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
            WHERE c.oid = format('projections.%I', name)::regclass AND a.grantee NOT IN (0, c.relowner)
        LOOP
            EXECUTE format('GRANT %s ON projections_next.%I TO %s', granted.right_to, name, granted.role);
        END LOOP;
    END LOOP;
END $$;

CREATE FUNCTION projections.index_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET maintenance_work_mem = '128MB'
AS $$
DECLARE
    name text;
    made record;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        FOR made IN
            SELECT i.relname AS index_name, k.contype,
                replace(pg_get_indexdef(x.indexrelid), format(' ON projections.%I ', name),
                        format(' ON projections_next.%I ', name)) AS definition
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype = 'p'
            WHERE x.indrelid = format('projections.%I', name)::regclass
        LOOP
            EXECUTE made.definition;
            IF made.contype = 'p' THEN
                EXECUTE format('ALTER TABLE projections_next.%1$I ADD CONSTRAINT %2$I PRIMARY KEY USING INDEX %2$I',
                               name, made.index_name);
            END IF;
        END LOOP;
        EXECUTE format('ANALYZE projections_next.%I', name);
    END LOOP;
END $$;

CREATE FUNCTION projections.swap_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('LOCK TABLE projections.%I IN ACCESS EXCLUSIVE MODE', name);
    END LOOP;
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DROP TABLE projections.%I', name);
        EXECUTE format('ALTER TABLE projections_next.%I SET SCHEMA projections', name);
    END LOOP;
END $$;

CREATE FUNCTION projections.drop_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DROP TABLE IF EXISTS projections_next.%I', name);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(COPIES)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
