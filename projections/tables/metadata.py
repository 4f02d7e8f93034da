"""How tables are named, and the two schemas of the database: what happened, and what is derived from it."""

from typing import Final

from sqlalchemy import MetaData

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""PostgreSQL cuts a name at 63 bytes: a longer one is given by hand."""

EVENT_STORE: Final = MetaData(schema="event_store", naming_convention=NAMING)
"""What happened. Nothing here is ever rewritten."""
PROJECTIONS: Final = MetaData(schema="projections", naming_convention=NAMING)
"""What is derived from it, and can be thrown away and built anew. Every view's table is here."""
