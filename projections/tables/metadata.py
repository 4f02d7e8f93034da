"""Naming conventions, and the two schemas of the database: the event store and the projections derived from it."""

from typing import Final

from sqlalchemy import MetaData

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""PostgreSQL truncates names at 63 bytes: longer ones are given explicitly."""

EVENT_STORE: Final = MetaData(schema="event_store", naming_convention=NAMING)
"""What happened. Rows are never rewritten."""
PROJECTIONS: Final = MetaData(schema="projections", naming_convention=NAMING)
"""What is derived from the events and can be rebuilt. Contains the tables of all views."""
