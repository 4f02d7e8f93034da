"""The answers that wait for the authorities to which an incident is referred."""

from alembic import op

revision = "0024_referrals"
down_revision = "0023_places_of_the_inbox"
branch_labels = None
depends_on = None

ANSWERS = """
CREATE TABLE projections.awaited_answers (
    id uuid NOT NULL,
    version bigint NOT NULL,
    authority text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    audience text[] NOT NULL,
    item uuid NOT NULL,
    marking text NOT NULL,
    regions text[] NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    why text NOT NULL,
    CONSTRAINT pk_awaited_answers PRIMARY KEY (id, version, authority)
);
CREATE INDEX ix_awaited_answers_present
    ON projections.awaited_answers (authority, due_at, item) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_awaited_answers_standing
    ON projections.awaited_answers (authority, due_at, item, valid_from, valid_until);
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(ANSWERS)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
