"""All settings, read from environment variables: `MANDATE_` and the field name.

Read once per process, at start-up. The rest of the service imports them from here.
"""

from service.settings.database_urls import DatabaseUrls
from service.settings.process_settings import LogFormat, Settings, variable

__all__ = ["DatabaseUrls", "LogFormat", "Settings", "variable"]
