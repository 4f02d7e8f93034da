"""Deputies: a table of the view of authorities, the principals of events, and what waits for deputies."""

from alembic import op

revision = "0019_deputies"
down_revision = "0018_deliveries"
branch_labels = None
depends_on = None

DEPUTIES = """
CREATE TABLE projections.deputies (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_deputies PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX ix_deputies_present_id ON projections.deputies (id) WHERE valid_until = 'infinity'::timestamptz;
ALTER TABLE projections.audit_trail ADD COLUMN actor_on_behalf_of text[];
ALTER TABLE projections.inbox ADD COLUMN apart uuid[];
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(DEPUTIES)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
