"""Copies: the tables into which a view is rebuilt next to the live ones, and the functions that make and swap them.

The functions belong to the migrating role and run with its rights: a worker owns nothing and can only fill a copy. A
copy gets the columns, defaults, storage options and rights of the original; indexes and keys come after the load. A
copy that differs in anything else is not swapped, because a migration has changed the original meanwhile.
copies: for each view, the code that fills the copy, its target position and the number of parts. copy_parts: the parts
that are loaded.
"""

from alembic import op

revision = "0004_copies"
down_revision = "0003_followers_and_rebuilds"
branch_labels = None
depends_on = None

TABLES = """
CREATE SCHEMA projections_next;

CREATE TABLE projections.copies (
    view text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    position bigint NOT NULL,
    parts integer NOT NULL,
    loading boolean NOT NULL,
    CONSTRAINT uq_copies_id UNIQUE (id),
    CONSTRAINT pk_copies PRIMARY KEY (view)
);
CREATE TABLE projections.copy_parts (
    copy uuid NOT NULL,
    part integer NOT NULL,
    events bigint NOT NULL,
    left_out uuid[] NOT NULL,
    CONSTRAINT pk_copy_parts PRIMARY KEY (copy, part),
    CONSTRAINT fk_copy_parts_copy FOREIGN KEY (copy) REFERENCES projections.copies (id) ON DELETE CASCADE
);
"""

FORMS = """
CREATE FUNCTION projections.rights_of(acl aclitem[], owner oid) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(concat_ws(' ', grantee, privilege_type, is_grantable), ', ' ORDER BY grantee, privilege_type)
    FROM (SELECT grantee, privilege_type, bool_or(is_grantable) AS is_grantable
          FROM aclexplode(acl) WHERE grantee <> owner GROUP BY 1, 2) AS rights
$$;

CREATE FUNCTION projections.form_of(schema text, name text, is_whole boolean) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(E'\\n',
        c.relowner::regrole, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid),
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

CREATE FUNCTION projections.unlike_its_copy(tables text[], is_whole boolean) RETURNS text LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT name FROM unnest(tables) WITH ORDINALITY AS t (name, place)
    WHERE projections.form_of('projections', name, is_whole)
        IS DISTINCT FROM projections.form_of('projections_next', name, is_whole)
    ORDER BY place LIMIT 1
$$;
"""

BEGIN = """
CREATE FUNCTION projections.begin_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    option text;
    granted record;
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
    END LOOP;
END $$;
"""

INDEX = """
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

SWAP = """
CREATE FUNCTION projections.swap_copy(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    changed text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('LOCK TABLE projections.%I IN ACCESS EXCLUSIVE MODE', name);
    END LOOP;
    changed := projections.unlike_its_copy(tables, true);
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'projections.% is of another form than its copy: it was changed meanwhile', changed
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
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
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (TABLES, FORMS, BEGIN, INDEX, SWAP):
        connection.exec_driver_sql(statements)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
