"""Lists of requests as of an instant: the region and the deciding authority of a request can change."""

from alembic import op

from service.database.migrations import build_index

revision = "0016_successions"
down_revision = "0015_evidence"
branch_labels = None
depends_on = None

REQUESTS = "projections.deployment_requests"
PLACE = '(regions[1] COLLATE "C")'
SUBMITTED = f"(submitted_at, id, valid_from, valid_until, requesting_authority, deciding_authority, {PLACE})"


def upgrade() -> None:
    op.execute("ALTER TABLE projections.deployment_requests ADD COLUMN IF NOT EXISTS successor text")
    build_index("projections.ix_deployment_requests_submitted", f"ON {REQUESTS} {SUBMITTED}")
    build_index("projections.ix_deployment_requests_place", f"ON {REQUESTS} ({PLACE}, valid_from, valid_until)")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS projections.ix_deployment_requests_first_place")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
