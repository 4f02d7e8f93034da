"""The inbox finds by an index what lies in a place."""

from service.database.migrations import build_index

revision = "0023_places_of_the_inbox"
down_revision = "0022_appointments"
branch_labels = None
depends_on = None

PLACE = '((regions[1]) COLLATE "C")'
DURING = "valid_from, valid_until"


def upgrade() -> None:
    build_index("projections.ix_inbox_place", f"ON projections.inbox (authority, role, {PLACE}, {DURING})")
    build_index("projections.ix_incident_inbox_place", f"ON projections.incident_inbox (role, {PLACE}, {DURING})")
    build_index("projections.ix_incidents_place", f"ON projections.incidents ({PLACE}, {DURING})")
    build_index("projections.ix_awaited_findings_incident", f"ON projections.awaited_findings (incident, {DURING})")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
