"""Names of environment variables."""

from typing import Final

PREFIX: Final = "MANDATE_"
TOKEN_VARIABLE: Final = f"{PREFIX}TOKEN"
URL_VARIABLE: Final = f"{PREFIX}URL"
"""Read by the commands that take `--token` and `--url`; no settings of a process."""
