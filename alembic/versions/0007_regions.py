"""The view of the registered regions."""

from alembic import op

revision = "0007_regions"
down_revision = "0006_deliberations"
branch_labels = None
depends_on = None

REGIONS = """
CREATE TABLE projections.regions (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    path text COLLATE "C" NOT NULL,
    search text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_regions PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX ix_regions_present_id ON projections.regions (id) WHERE valid_until = 'infinity'::timestamptz;
CREATE UNIQUE INDEX ix_regions_present_path ON projections.regions (path) WHERE valid_until = 'infinity'::timestamptz;
INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
VALUES ('regions', 1, 0, now(), 'STOPPED') ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(REGIONS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
