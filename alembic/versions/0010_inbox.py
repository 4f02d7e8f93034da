"""The inbox: what waits for somebody, one row for each version of a request and step."""

from alembic import op

revision = "0010_inbox"
down_revision = "0009_items_within"
branch_labels = None
depends_on = None

INBOX = """
CREATE TABLE projections.inbox (
    id uuid NOT NULL,
    version bigint NOT NULL,
    action text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    audience text[] NOT NULL,
    item uuid NOT NULL,
    marking text NOT NULL,
    assigned_to uuid,
    authority text NOT NULL,
    role text NOT NULL,
    regions text[] NOT NULL,
    under_mandate boolean NOT NULL,
    for_all boolean NOT NULL,
    exceptions uuid[] NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    due_at timestamptz NOT NULL,
    why text NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (id, version, action)
);
CREATE INDEX ix_inbox_present
    ON projections.inbox (authority, role, due_at, item) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_inbox_standing
    ON projections.inbox (authority, role, due_at, item, valid_from, valid_until);
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(INBOX)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
