"""What people wrote, as it is shown."""

from domain.vocabulary import Text


def said(text: Text) -> str:
    """Where a text is always there: one that was erased says so."""
    return str(text)


def said_if_any(text: Text | None) -> str | None:
    """An erased text reads as null, as one that was never written."""
    return text.value if text is not None else None
