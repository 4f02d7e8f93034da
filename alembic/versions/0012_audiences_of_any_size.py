"""No index of lists holds an audience: that of a hundred recipients is longer than a row of an index may be.

Followers are kept at their checkpoint, where they begin: held up among their rows, they and what is dropped here would
wait for each other. Last comes what who reads has to wait for: indexes that are replaced are dropped, and give their
names. What follows (0013, 0014) takes no time.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PLACE = """((regions[1] COLLATE "C") || '/'::text)"""
BY_AUTHORITY = f"requesting_authority, deciding_authority, {PLACE}"
STANDS = "valid_until = 'infinity'::timestamptz"
FIRST = "version = 1"

INDEXES = {
    "ix_deployment_requests_present_submitted": (
        "deployment_requests", f"submitted_at, id, {BY_AUTHORITY}", STANDS,
    ),
    "ix_deployment_requests_first": (
        "deployment_requests", f"submitted_at, id, valid_from, {BY_AUTHORITY}", FIRST,
    ),
    "ix_deployment_requests_present_place": ("deployment_requests", f"{PLACE}, id", STANDS),
    "ix_deployment_requests_first_place": ("deployment_requests", f"{PLACE}, valid_from", FIRST),
    "ix_incidents_present_occurred": ("incidents", f"occurred_at, id, kind, {PLACE}", STANDS),
    "ix_incidents_first": ("incidents", f"occurred_at, id, valid_from, kind, {PLACE}", FIRST),
}  # fmt: skip

HELD = """
SELECT FROM projections.checkpoints WHERE view IN ('deployment_requests', 'incidents') ORDER BY view FOR UPDATE
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    connection.exec_driver_sql(HELD)
    for name, (table, columns, where) in INDEXES.items():
        connection.exec_driver_sql(f"CREATE INDEX {name}_new ON projections.{table} ({columns}) WHERE {where}")
    for name in INDEXES:
        connection.exec_driver_sql(f"DROP INDEX projections.{name}")
        connection.exec_driver_sql(f"ALTER INDEX projections.{name}_new RENAME TO {name}")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
