"""What row-level security needs: audiences of items, lookups that it does not slow down, and copies that keep it.

The policies are those of `projections.tables.row_security`, set after the last migration. Behind a policy, an index is
used only for leakproof conditions: `||`, `&&` and `@>` are not. So a place is a region's path without a slash at the
end, the requests that name an incident are found by a function, and the indexes of audiences are dropped.
"""

from alembic import op

from service.database.migrations import build_index

revision = "0005_row_security"
down_revision = "0004_copies"
branch_labels = None
depends_on = None

AUDIENCES = "\n".join(
    f"ALTER TABLE projections.{table} ADD COLUMN audience text[];"
    for table in ("deployment_request_items", "incident_items", "mandates")
)

LOOKUPS = """
CREATE FUNCTION projections.sees(subject uuid) RETURNS boolean LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM projections.deployment_requests r
                   WHERE r.id = subject AND r.valid_until = 'infinity'::timestamptz)
        OR EXISTS (SELECT FROM projections.incidents i
                   WHERE i.id = subject AND i.valid_until = 'infinity'::timestamptz)
        OR EXISTS (SELECT FROM projections.jurisdictions j
                   WHERE j.id = subject AND j.valid_until = 'infinity'::timestamptz);
END $$;
COMMENT ON FUNCTION projections.sees(uuid) IS
    'Whether the current row of a request, an incident or a jurisdiction is visible to the caller.';

CREATE FUNCTION projections.requests_naming(named uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    ROWS 20
AS $$
    SELECT DISTINCT r.id FROM projections.deployment_requests r
    WHERE r.incidents && named AND r.audience && nullif(current_setting('mandate.tokens', true), '')::text[]
$$;
COMMENT ON FUNCTION projections.requests_naming(uuid[]) IS
    'The requests that name any of these incidents, or once did, and that the viewer may see.';
"""

FORMS = """
CREATE OR REPLACE FUNCTION projections.form_of(schema text, name text, is_whole boolean) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(E'\\n',
        c.relowner::regrole, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        (SELECT string_agg(concat_ws(' ', polname, polcmd, polpermissive, polroles::regrole[],
                                     pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)),
                           E'\\n' ORDER BY polname)
         FROM pg_policy WHERE polrelid = c.oid),
        (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid),
        projections.rights_of(c.relacl, c.relowner),
        (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
                                     a.attcompression, a.attcollation, a.attgenerated, a.attidentity,
                                     projections.rights_of(a.attacl, c.relowner),
                                     pg_get_expr(d.adbin, d.adrelid)), E'\\n' ORDER BY a.attnum)
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT string_agg(concat_ws(' ', k.conname, k.contype, pg_get_constraintdef(k.oid)), E'\\n' ORDER BY k.conname)
         FROM pg_constraint k WHERE k.conrelid = c.oid
             AND (k.contype IN ('c', 'f') OR is_whole AND k.contype IN ('p', 'u', 'x'))),
        (SELECT string_agg(concat_ws(' ', replace(pg_get_indexdef(x.indexrelid), format(' ON %I.', schema), ' ON '),
                                     x.indisvalid), E'\\n' ORDER BY i.relname)
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
         WHERE x.indrelid = c.oid AND is_whole))
    FROM pg_class c WHERE c.oid = format('%I.%I', schema, name)::regclass
$$;

CREATE OR REPLACE FUNCTION projections.begin_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    option text;
    granted record;
    policy record;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DROP TABLE IF EXISTS projections_next.%I', name);
        EXECUTE format('CREATE TABLE projections_next.%1$I (LIKE projections.%1$I INCLUDING DEFAULTS'
            ' INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)', name);
        FOR granted IN
            SELECT DISTINCT a.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
            WHERE c.oid = format('projections_next.%I', name)::regclass AND a.grantee <> c.relowner
        LOOP
            EXECUTE format('REVOKE ALL ON projections_next.%I FROM %s', name,
                           CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
        END LOOP;
        FOR option IN
            SELECT format('%I = %L', o.option_name, o.option_value)
            FROM pg_class c CROSS JOIN LATERAL pg_options_to_table(c.reloptions) o
            WHERE c.oid = format('projections.%I', name)::regclass
        LOOP
            EXECUTE format('ALTER TABLE projections_next.%I SET (%s)', name, option);
        END LOOP;
        FOR granted IN
            SELECT a.privilege_type || of.columns AS right_to, a.grantee, a.is_grantable
            FROM (
                SELECT c.relowner, c.relacl AS acl, '' AS columns FROM pg_class c
                WHERE c.oid = format('projections.%I', name)::regclass
                UNION ALL
                SELECT c.relowner, t.attacl, format(' (%I)', t.attname)
                FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped
                WHERE c.oid = format('projections.%I', name)::regclass
            ) AS of CROSS JOIN LATERAL aclexplode(of.acl) a
            WHERE a.grantee <> of.relowner
        LOOP
            EXECUTE format('GRANT %s ON projections_next.%I TO %s %s', granted.right_to, name,
                           CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
                           CASE WHEN granted.is_grantable THEN 'WITH GRANT OPTION' END);
        END LOOP;
        FOR policy IN
            SELECT p.polname, pg_get_expr(p.polqual, p.polrelid) AS rows, p.polroles::regrole[] AS roles
            FROM pg_policy p
            WHERE p.polrelid = format('projections.%I', name)::regclass AND p.polcmd = 'r' AND p.polpermissive
        LOOP
            EXECUTE format('CREATE POLICY %I ON projections_next.%I FOR SELECT TO %s USING (%s)', policy.polname, name,
                           array_to_string(policy.roles, ', '), policy.rows);
        END LOOP;
        IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = format('projections.%I', name)::regclass) THEN
            EXECUTE format('ALTER TABLE projections_next.%I ENABLE ROW LEVEL SECURITY', name);
        END IF;
    END LOOP;
END $$;
"""

PLACE = """(regions[1] COLLATE "C")"""
BY_AUTHORITY = f"requesting_authority, deciding_authority, {PLACE}"
PRESENT = "WHERE valid_until = 'infinity'::timestamptz"
PLACES = {
    "deployment_requests": {
        "first": f"(submitted_at, id, valid_from, {BY_AUTHORITY}) WHERE version = 1",
        "first_place": f"({PLACE}, valid_from) WHERE version = 1",
        "present_place": f"({PLACE}, id) {PRESENT}",
        "present_submitted": f"(submitted_at, id, {BY_AUTHORITY}) {PRESENT}",
        "present_updated": f"(updated_at, id, {BY_AUTHORITY}) {PRESENT}",
        "updated": f"(valid_from, id, valid_until, submitted_at, {BY_AUTHORITY})",
    },
    "incidents": {
        "first": f"(occurred_at, id, valid_from, kind, {PLACE}) WHERE version = 1",
        "present_occurred": f"(occurred_at, id, kind, {PLACE}) {PRESENT}",
    },
}
UNUSED = (
    "ix_deployment_requests_first_audience",
    "ix_deployment_requests_present_audience",
    "ix_incidents_present_audience",
    "ix_audit_trail_audience",
)


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (AUDIENCES, LOOKUPS, FORMS):
        connection.exec_driver_sql(statements)
    for table, indexes in PLACES.items():
        for name, definition in indexes.items():
            _replace(f"ix_{table}_{name}", f"ON projections.{table} {definition}")
    for index in UNUSED:
        _drop(index)


def _replace(index: str, definition: str) -> None:
    build_index(f"projections.{index}_new", definition)
    _drop(index)
    op.execute(f"ALTER INDEX projections.{index}_new RENAME TO {index}")


def _drop(index: str) -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS projections.{index}")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
