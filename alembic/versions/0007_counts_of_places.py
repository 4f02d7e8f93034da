"""Indexes to count the requests of a place by, now and as of then, without a look at those of all other places."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PLACE = """((regions[1] COLLATE "C") || '/'::text)"""

INDEXES = """
CREATE INDEX ix_deployment_requests_present_place ON projections.deployment_requests ({place}, id)
    INCLUDE (audience, regions) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_first_place ON projections.deployment_requests ({place}, valid_from)
    INCLUDE (audience, regions) WHERE version = 1;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(INDEXES.replace("{place}", PLACE))


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
