"""A private PostgreSQL in the data folder, so that a first run needs no installed server.

Processes on one data folder share the server: the first starts it, the last stops it.
"""

from service.database.embedded.shared_server import embedded_postgres

__all__ = ["embedded_postgres"]
