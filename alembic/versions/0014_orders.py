"""Indexes for lists of requests by due date, and of imported events, with when they happened."""

from service.database.migrations import build_index

revision = "0014_orders"
down_revision = "0013_corrections"
branch_labels = None
depends_on = None

DUE = "coalesce(due_at, '9999-01-01 00:00:00+00'::timestamptz)"
REQUESTS = "projections.deployment_requests"
LASTING = """requesting_authority, deciding_authority, (regions[1] COLLATE "C")"""
PRESENT = f"({DUE}, id, status, {LASTING}) WHERE valid_until = 'infinity'::timestamptz"
TRAIL = "projections.audit_trail"


def upgrade() -> None:
    build_index("projections.ix_deployment_requests_present_due", f"ON {REQUESTS} {PRESENT}")
    build_index("projections.ix_deployment_requests_due", f"ON {REQUESTS} ({DUE}, id, valid_from, valid_until, status)")
    build_index(
        "projections.ix_audit_trail_imported", f"ON {TRAIL} (position, occurred_at) WHERE occurred_at IS NOT NULL"
    )


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
