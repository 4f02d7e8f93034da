"""A private PostgreSQL in the data folder, so that the first run needs nothing installed."""

from service.embedded.sharing import embedded_postgres

__all__ = ["embedded_postgres"]
