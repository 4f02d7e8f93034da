"""Rebuilds that go on where one was stopped, and documents that are stored as they are.

copies: a view's copy while it is filled, and which code fills it, up to which position, in how many parts of the log.
copy_parts: the parts that it holds already. To compress documents took a third more of the time of loading them.
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

DOCUMENTED = (
    "deployment_requests",
    "incidents",
    "authorities",
    "audit_trail",
    "audit_trail_memory",
    "situation_memory",
)


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    connection.exec_driver_sql(COPIES)
    for table in DOCUMENTED:
        connection.exec_driver_sql(f"ALTER TABLE projections.{table} ALTER COLUMN document SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema, and the way back is a backup")
