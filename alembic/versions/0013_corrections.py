"""Lists of incidents as of an instant: the time and the place of an incident can be corrected."""

from alembic import op

from service.database.migrations import build_index

revision = "0013_corrections"
down_revision = "0012_marking_changes"
branch_labels = None
depends_on = None

OCCURRED = """ON projections.incidents
    (occurred_at, id, valid_from, valid_until, kind, (regions[1] COLLATE "C"))"""


def upgrade() -> None:
    build_index("projections.ix_incidents_occurred", OCCURRED)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS projections.ix_incidents_first")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
