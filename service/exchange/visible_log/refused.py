"""Why a file is not written, or nothing is shown: said in one line."""


class ExportRefused(Exception):
    """What was asked for cannot be done. The message is one line and says what would be needed."""
