"""Roles and database of the embedded server. A superuser bypasses row-level security, so the service never is one."""

import psycopg
from psycopg import sql

from projections.tables.row_security import READER
from service.database.embedded.cluster import DATABASE, SUPERUSER, Cluster

OWNER = "mandate_owner"
SERVICE_ROLES = ("mandate_api", "mandate_worker")
ATTRIBUTES = (
    "GRANT mandate_reader TO mandate_owner WITH ADMIN OPTION",
    "GRANT mandate_reader TO mandate_api, mandate_worker",
    "ALTER ROLE mandate_worker BYPASSRLS",
)
"""Only a superuser can set these; see docs/operations/roles.md."""


def ensure_roles_and_database(cluster: Cluster) -> None:
    """Creates what is missing. Logins need no password: only the owner of the socket folder reaches the server."""
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True, connect_timeout=5) as connection:
        present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in (OWNER, *SERVICE_ROLES):
            if role not in present:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        if READER not in present:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(READER)))
            for statement in ATTRIBUTES:
                connection.execute(statement)
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            database, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
