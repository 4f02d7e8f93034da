"""A private PostgreSQL in the data folder, so that the first run needs nothing installed.

Processes on one data folder share the server: the first starts it, the last stops it.
"""

from service.database.embedded.shared_server import embedded_postgres

__all__ = ["embedded_postgres"]
