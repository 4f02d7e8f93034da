"""Counts of all that has a marking, whoever may see it: for those from whom nothing of it is hidden.

The rows that are there have none of them, and are read until the worker has built them anew.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GROUPS = """
CREATE INDEX ix_situation_present_marking ON projections.situation (kind, marking, regions)
    WHERE valid_until = 'infinity'::timestamptz AND audience = '{}'::text[];
ALTER TABLE projections.situation_intervals ADD COLUMN marking_id uuid, ADD COLUMN marking_total_id uuid;
CREATE INDEX ix_situation_intervals_marking_id_valid_from
    ON projections.situation_intervals (marking_id, valid_from);
CREATE INDEX ix_situation_intervals_marking_id_valid_until
    ON projections.situation_intervals (marking_id, valid_until);
CREATE INDEX ix_situation_intervals_marking_total_id_valid_from
    ON projections.situation_intervals (marking_total_id, valid_from);
CREATE INDEX ix_situation_intervals_marking_total_id_valid_until
    ON projections.situation_intervals (marking_total_id, valid_until);
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(GROUPS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
