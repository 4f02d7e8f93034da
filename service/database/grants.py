"""Rights in the database, applied at the end of every migration.

The owner migrates. `mandate_api` appends and reads; `mandate_worker` also writes the views. Both insert events only
through `event_store.append`, so that order and time cannot be forged, and entries of the access log only through
`event_store.record_access`; the worker also deletes old entries. The API reads for a viewer as `mandate_reader`,
to which row-level security applies. If `mandate_api` and `mandate_worker` are missing and the owner may not create
them, the owner has their roles. See docs/operations/roles.md.
"""

from typing import Final

from sqlalchemy import Connection, text

from projections.tables.row_security import POLICIES, READER, REGISTER
from service.database.role_attributes import WORKER, ensure_attributes

SCHEMAS: Final = ("event_store", "projections")

BOTH: Final = (
    "GRANT USAGE ON SCHEMA event_store, projections TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA event_store, projections TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA event_store TO {role}",
)
SEEN: Final = ", ".join((*(table for table, rows in POLICIES.items() if rows is not None), "projections.checkpoints"))
GRANTS: Final = {
    REGISTER: (
        *BOTH,
        "REVOKE SELECT ON event_store.access_log FROM {role}",
        "GRANT INSERT, UPDATE ON event_store.people TO {role}",
        "GRANT EXECUTE ON FUNCTION projections.ask_rebuild(text) TO {role}",
    ),
    WORKER: (
        *BOTH,
        "GRANT DELETE ON event_store.access_log TO {role}",
        "GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA projections TO {role}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA projections TO {role}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA projections TO {role}",
        "GRANT USAGE ON SCHEMA projections_next TO {role}",
    ),
    READER: (
        "GRANT USAGE ON SCHEMA event_store, projections TO {role}",
        f"GRANT SELECT ON {SEEN}, event_store.people TO {{role}}",
        "GRANT SELECT (notification_id, recorded_at) ON event_store.events TO {role}",
        "GRANT EXECUTE ON FUNCTION projections.sees(uuid), projections.requests_naming(uuid[]) TO {role}",
        "GRANT EXECUTE ON FUNCTION projections.require_markings(text[]) TO {role}",
    ),
}


def grant(connection: Connection) -> None:
    """Sets the roles' rights to GRANTS, whatever they were. Raises Misconfigured if a role lacks an attribute."""
    _revoke_from_public(connection)
    for role, statements in GRANTS.items():
        if _ensure_role(connection, role):
            for schema in SCHEMAS:
                connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"))
            for statement in statements:
                connection.execute(text(statement.format(role=role)))
    ensure_attributes(connection)


def granted(connection: Connection) -> bool:
    """Whether every existing role has its rights. A role created after the last migration has none."""
    roles = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)")
    right = text("SELECT has_schema_privilege(:role, 'event_store', 'USAGE')")
    present = connection.scalars(roles, {"roles": list(GRANTS)}).all()
    return READER in present and all(connection.scalar(right, {"role": role}) for role in present)


def _revoke_from_public(connection: Connection) -> None:
    """By default, PostgreSQL lets PUBLIC execute new functions."""
    for schema in SCHEMAS:
        connection.execute(text(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC"))


def _ensure_role(connection: Connection, role: str) -> bool:
    if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return True
    may = connection.scalar(text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"))
    if not may:
        return False
    created_concurrently = "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL"
    connection.execute(text(f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; {created_concurrently}; END $$"))
    return True
