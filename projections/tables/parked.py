"""Tables of parked streams and of their pending events."""

from typing import Final

from sqlalchemy import TIMESTAMP, BigInteger, Column, Table, Text, Uuid

from projections.tables.metadata import PROJECTIONS

streams: Final = Table(
    "parked_streams",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("stream", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("parked_at", TIMESTAMP(timezone=True), nullable=False),
)


events: Final = Table(
    "parked_events",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("stream", Uuid, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
)
