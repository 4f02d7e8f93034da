"""The items of deputies: their appointments."""

from alembic import op

revision = "0022_appointments"
down_revision = "0021_mail_subscriptions"
branch_labels = None
depends_on = None

APPOINTMENTS = """
CREATE TABLE projections.appointments (
    id uuid NOT NULL,
    version bigint NOT NULL,
    field text NOT NULL,
    ordinal bigint NOT NULL,
    document text NOT NULL,
    texts text,
    audience text[],
    CONSTRAINT pk_appointments PRIMARY KEY (id, version, field, ordinal)
);
ALTER TABLE projections.appointments ALTER COLUMN document SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(APPOINTMENTS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
