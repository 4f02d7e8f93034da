"""The inbox of incidents: what waits on them, and the findings that holds of requests await."""

from alembic import op

revision = "0017_incident_inbox"
down_revision = "0016_successions"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE projections.incident_inbox (
    id uuid NOT NULL,
    version bigint NOT NULL,
    action text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    audience text[] NOT NULL,
    item uuid NOT NULL,
    marking text NOT NULL,
    regions text[] NOT NULL,
    role text NOT NULL,
    owner uuid,
    owner_authority text,
    exceptions uuid[] NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    why text NOT NULL,
    CONSTRAINT pk_incident_inbox PRIMARY KEY (id, version, action)
);
CREATE INDEX ix_incident_inbox_present
    ON projections.incident_inbox (role, due_at, item) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incident_inbox_standing
    ON projections.incident_inbox (role, due_at, item, valid_from, valid_until);
CREATE INDEX ix_incident_inbox_present_owner
    ON projections.incident_inbox (owner, due_at, item) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incident_inbox_owner
    ON projections.incident_inbox (owner, due_at, item, valid_from, valid_until);
CREATE TABLE projections.awaited_findings (
    id uuid NOT NULL,
    version bigint NOT NULL,
    incident uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    audience text[] NOT NULL,
    item uuid NOT NULL,
    likelihood integer NOT NULL,
    confidence integer NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    why text NOT NULL,
    CONSTRAINT pk_awaited_findings PRIMARY KEY (id, version, incident)
);
CREATE INDEX ix_awaited_findings_present
    ON projections.awaited_findings (due_at, item, incident) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_awaited_findings_standing
    ON projections.awaited_findings (due_at, item, incident, valid_from, valid_until);
ALTER TABLE projections.incidents
    ADD COLUMN IF NOT EXISTS found_likelihood integer,
    ADD COLUMN IF NOT EXISTS found_confidence integer,
    ADD COLUMN IF NOT EXISTS takes_findings boolean;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(TABLES)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
