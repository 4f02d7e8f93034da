"""Mail subscriptions: their view."""

from alembic import op

revision = "0021_mail_subscriptions"
down_revision = "0020_acts_of_deputies"
branch_labels = None
depends_on = None

SUBSCRIPTIONS = """
CREATE TABLE projections.mail_subscriptions (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    authority text NOT NULL,
    address text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_mail_subscriptions PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX ix_mail_subscriptions_present_id
    ON projections.mail_subscriptions (id) WHERE valid_until = 'infinity'::timestamptz;
INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
VALUES ('mail_subscriptions', 1, 0, now(), 'STOPPED') ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(SUBSCRIPTIONS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
