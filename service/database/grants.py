"""Rights in the database, applied at the end of every migration.

The owner migrates. `mandate_api` appends and reads; `mandate_worker` also writes the views. Both insert events only
through `event_store.append`, so that order and time cannot be forged. If these roles are missing and the owner may not
create them, the owner has all roles. See docs/operations/roles.md.
"""

from typing import Final

from sqlalchemy import Connection, text

API: Final = "mandate_api"
WORKER: Final = "mandate_worker"
SCHEMAS: Final = ("event_store", "projections")

BOTH: Final = (
    "GRANT USAGE ON SCHEMA event_store, projections TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA event_store, projections TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA event_store TO {role}",
)
GRANTS: Final = {
    API: (
        *BOTH,
        "GRANT INSERT, UPDATE ON event_store.people TO {role}",
        "GRANT EXECUTE ON FUNCTION projections.ask_rebuild(text) TO {role}",
    ),
    WORKER: (
        *BOTH,
        "GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA projections TO {role}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA projections TO {role}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA projections TO {role}",
        "GRANT USAGE ON SCHEMA projections_next TO {role}",
    ),
}


def grant(connection: Connection) -> None:
    """Sets the roles' rights to GRANTS, whatever they were."""
    _revoke_from_public(connection)
    for role, statements in GRANTS.items():
        if _ensure_role(connection, role):
            for schema in SCHEMAS:
                connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"))
            for statement in statements:
                connection.execute(text(statement.format(role=role)))


def granted(connection: Connection) -> bool:
    """Whether every existing role has its rights. A role created after the last migration has none."""
    roles = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)")
    right = text("SELECT has_schema_privilege(:role, 'event_store', 'USAGE')")
    present = connection.scalars(roles, {"roles": list(GRANTS)}).all()
    return all(connection.scalar(right, {"role": role}) for role in present)


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
