"""Several events of the audit trail can be about one piece of evidence."""

from alembic import op

from service.database.migrations import build_index

revision = "0015_evidence"
down_revision = "0014_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("projections.ix_audit_trail_about", "ON projections.audit_trail (introduces)")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS projections.ix_audit_trail_introduces")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
