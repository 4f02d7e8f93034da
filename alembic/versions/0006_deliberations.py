"""Two rows in the audit trail for an event with parts that are internal to the deciding authority."""

from alembic import op

from service.database.migrations import build_index

revision = "0006_deliberations"
down_revision = "0005_row_security"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE projections.audit_trail
    ADD COLUMN IF NOT EXISTS public boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS unless text[];
"""
KEY = """
ALTER TABLE projections.audit_trail
    DROP CONSTRAINT pk_audit_trail,
    ADD CONSTRAINT pk_audit_trail PRIMARY KEY USING INDEX pk_audit_trail_public;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    build_index("projections.pk_audit_trail_public", "ON projections.audit_trail (position, public)", unique=True)
    op.execute(KEY)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
