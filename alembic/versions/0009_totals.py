"""Counts of a group in one row for all statuses, and of everywhere: what is asked of every region, and of every list.

The rows that are there have counts of one status each, and are read until the worker has built them anew.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TOTALS = """
ALTER TABLE projections.situation
    ADD COLUMN counts int[], ALTER COLUMN status DROP NOT NULL, ALTER COLUMN count DROP NOT NULL;
CREATE INDEX ix_situation_total_audience ON projections.situation USING gin (audience)
    WHERE valid_until = 'infinity'::timestamptz AND regions = '{}'::text[];
ALTER TABLE projections.situation_intervals ADD COLUMN total_id uuid;
CREATE INDEX ix_situation_intervals_total_id_valid_from
    ON projections.situation_intervals (total_id, valid_from);
CREATE INDEX ix_situation_intervals_total_id_valid_until
    ON projections.situation_intervals (total_id, valid_until);
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(TOTALS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
