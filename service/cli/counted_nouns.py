"""Numbers with their nouns."""


def number_of(count: int, one: str, several: str) -> str:
    """'1 event', '2,000 events'."""
    return f"{count:,} {one if count == 1 else several}"
