"""Who, of those who see a request, sees an item of the deliberations on it, beside the audience of the request."""

from alembic import op

revision = "0009_items_within"
down_revision = "0008_access_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE projections.deployment_request_items ADD COLUMN IF NOT EXISTS within text[]")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
