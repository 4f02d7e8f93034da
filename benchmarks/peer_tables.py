"""The tables of the peers: plain columns, filled from the rows of the views, with row-level security."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import psycopg

from service.settings import DatabaseUrls

READER: Final = "peer_reader"
LOGIN: Final = "peer_login"
"""May only become the reader. Without a role it reads nothing."""
TABLES: Final = """
    CREATE SCHEMA peers;
    CREATE TABLE peers.deployment_requests AS
        SELECT id, reference, version::int, status, state ->> 'force' AS force, (state ->> 'strength')::int AS strength,
               state ->> 'region' AS region, state ->> 'purpose' AS purpose, requesting_authority, submitted_at,
               audience
        FROM projections.deployment_requests, CAST(document AS json) AS state
        WHERE valid_until = 'infinity' AND audience && %(tokens)s;
    CREATE TABLE peers.events AS
        SELECT position, subject AS request, version::int, type, recorded_at,
               document::json -> 0 ->> 'reason' AS reason, actor_subject, actor_authority, audience
        FROM projections.audit_trail
        WHERE subject IN (SELECT id FROM peers.deployment_requests)
            AND unless IS NULL;
"""
INDEXES: Final = """
    ALTER TABLE peers.deployment_requests ADD PRIMARY KEY (id);
    CREATE INDEX ON peers.deployment_requests (status, submitted_at, id);
    ALTER TABLE peers.events ADD PRIMARY KEY (position),
        ADD FOREIGN KEY (request) REFERENCES peers.deployment_requests;
    CREATE INDEX ON peers.events (request, position);
"""
ROW_SECURITY: Final = """
    CREATE ROLE {reader};
    CREATE ROLE {login} LOGIN NOINHERIT IN ROLE {reader};
    GRANT USAGE ON SCHEMA peers TO {reader};
    GRANT SELECT ON ALL TABLES IN SCHEMA peers TO {reader};
"""
POLICY: Final = """
    ALTER TABLE peers.{table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY visible ON peers.{table} FOR SELECT TO {reader}
        USING (audience && current_setting('viewer.tokens')::text[]);
"""


def create(urls: DatabaseUrls, tokens: Iterable[str]) -> str:
    """Creates and fills them. Returns the URL of the login that is subject to row-level security; the owner is not.

    tokens: of the viewer. The tables contain what this viewer sees, so that all servers answer the same.
    """
    assert urls.superuser is not None
    with psycopg.connect(urls.owner, autocommit=True) as owner, psycopg.ClientCursor(owner) as cursor:
        cursor.execute(TABLES, {"tokens": sorted(tokens)})
        cursor.execute(INDEXES)
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute(ROW_SECURITY.format(reader=READER, login=LOGIN))
        for table in ("deployment_requests", "events"):
            connection.execute(POLICY.format(table=table, reader=READER))
            connection.execute(f"VACUUM (ANALYZE) peers.{table}")
    parts = urlsplit(urls.owner)
    return parts._replace(netloc=parts.netloc.replace(parts.username or "", LOGIN)).geturl()
