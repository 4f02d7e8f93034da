"""Tables that record which parts of a rebuild's copy are loaded."""

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text, UniqueConstraint, Uuid

from projections.tables.metadata import PROJECTIONS

table: Final = Table(
    "copies",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("loading", Boolean, nullable=False),
    UniqueConstraint("id", name="uq_copies_id"),
)


loaded: Final = Table(
    "copy_parts",
    PROJECTIONS,
    Column("copy", Uuid, ForeignKey(table.c.id, name="fk_copy_parts_copy", ondelete="CASCADE"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("events", BigInteger, nullable=False),
    Column("left_out", ARRAY(Uuid), nullable=False),
)
