"""The audit trail is filtered by the person for whom a deputy acted."""

from service.database.migrations import build_index

revision = "0020_acts_of_deputies"
down_revision = "0019_deputies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index(
        "projections.ix_audit_trail_of_deputies",
        "ON projections.audit_trail (position) WHERE actor_on_behalf_of IS NOT NULL",
    )


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
