"""What roles need besides rights on tables: the API's and the worker's may become the reader, and the worker bypasses
row security.
"""

from typing import Final

from sqlalchemy import Connection, text

from projections.tables.row_security import READER, REGISTER
from service.errors import Misconfigured

WORKER: Final = "mandate_worker"
NO_READER: Final = f"""the role {READER}, as which the API reads for a viewer, is missing: as a superuser, run
    CREATE ROLE {READER} NOLOGIN; GRANT {READER} TO {{role}}"""
NO_MEMBER: Final = "{role} may not read for a viewer: as a superuser, run GRANT {reader} TO {role}"
NO_BYPASS: Final = (
    "row-level security would keep the worker from loading rows: as a superuser, run ALTER ROLE {role} BYPASSRLS"
)

LACKS_BYPASS: Final = text("""
    SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role AND rolcanlogin AND NOT rolbypassrls AND NOT rolsuper)
        AND NOT pg_has_role(:role, current_user, 'USAGE')
""")
CAN_LOG_IN: Final = text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :role")
IS_MEMBER: Final = text("""
    SELECT pg_has_role(:role, :reader, CASE WHEN current_setting('server_version_num')::int < 160000
                                            THEN 'MEMBER' ELSE 'SET' END)
""")


def ensure_attributes(connection: Connection) -> None:
    """Grants what the current role may grant. Raises Misconfigured, with the statement to run, if that is not all."""
    has_api = _exists(connection, REGISTER)
    role = REGISTER if has_api else str(connection.scalar(text("SELECT current_user")))
    if not _exists(connection, READER):
        raise Misconfigured(" ".join(NO_READER.format(role=role).split()))
    _ensure_member(connection, role, is_used=True)
    if _exists(connection, WORKER):
        _ensure_member(connection, WORKER, is_used=bool(connection.scalar(CAN_LOG_IN, {"role": WORKER})))
    if _exists(connection, WORKER) and connection.scalar(LACKS_BYPASS, {"role": WORKER}):
        _try(connection, f"ALTER ROLE {WORKER} BYPASSRLS")
        if connection.scalar(LACKS_BYPASS, {"role": WORKER}):
            raise Misconfigured(NO_BYPASS.format(role=WORKER))


def _ensure_member(connection: Connection, role: str, *, is_used: bool) -> None:
    """The API reads for viewers, and the worker for webhook endpoints. Raises Misconfigured if the role is used."""
    if _is_member(connection, role):
        return
    _try(connection, f"GRANT {READER} TO {role}")
    if is_used and not _is_member(connection, role):
        raise Misconfigured(NO_MEMBER.format(role=role, reader=READER))


def _exists(connection: Connection, role: str) -> bool:
    return connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}) is not None


def _is_member(connection: Connection, role: str) -> bool:
    return bool(connection.scalar(IS_MEMBER, {"role": role, "reader": READER}))


def _try(connection: Connection, statement: str) -> None:
    """Executes it if the current role may."""
    ignored = "EXCEPTION WHEN insufficient_privilege THEN NULL"
    connection.execute(text(f"DO $$ BEGIN {statement}; {ignored}; END $$"))
