"""Parts of a Markdown page."""

import re
from collections.abc import Iterable


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(' '.join(cell.replace('|', '&#124;').split()) for cell in cells)} |"


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table, with an empty line before and after. Nothing if there are no rows."""
    lines = [row(*each) for each in rows]
    names = tuple(titles)
    return ["", row(*names), row(*("---" for _ in names)), *lines, ""] if lines else []


def text(lines: Iterable[str]) -> str:
    """The page, without two empty lines in succession."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
