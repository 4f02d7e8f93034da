"""Refusals of exports, the dossier and the reading commands."""


class ExportRefused(Exception):
    """The output cannot be produced. The message is one line and says what is needed."""
