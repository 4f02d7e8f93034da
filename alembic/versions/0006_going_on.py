"""Rebuilds that go on where one was stopped.

copies: a view's copy while it is filled, and which code fills it, up to which position, in how many parts of the log.
copy_parts: the parts that it holds already.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COPIES = """
CREATE TABLE projections.copies (
    view text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    position bigint NOT NULL,
    parts integer NOT NULL,
    loading boolean NOT NULL,
    CONSTRAINT pk_copies PRIMARY KEY (view),
    CONSTRAINT uq_copies_id UNIQUE (id)
);
CREATE TABLE projections.copy_parts (
    copy uuid NOT NULL,
    part integer NOT NULL,
    events bigint NOT NULL,
    left_out uuid[] NOT NULL,
    CONSTRAINT pk_copy_parts PRIMARY KEY (copy, part),
    CONSTRAINT fk_copy_parts_copy FOREIGN KEY (copy) REFERENCES projections.copies (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(COPIES)


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
