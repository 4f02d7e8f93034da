"""What a rebuild does at the moment: all may be loaded long before it is indexed, compared and swapped.

swaps: whether it is to take the place of what is served, or only compares. Both are NULL where older code builds.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE projections.rebuilds ADD COLUMN step text, ADD COLUMN swaps boolean")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
