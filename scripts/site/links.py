"""Links of a document that lead to other files of the repository, as the site has them."""

import posixpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

LINK: Final = re.compile(r"(?<=\]\()([^)#\s]+)(?=[)#])")
FENCE: Final = re.compile(r"^\s*```")
FENCE_WORD: Final = re.compile(r"^(\s*```\w*).*$")
ITEM: Final = re.compile(r"^\s*([-*]|\d+\.) ")


def rewritten(text: str, source: PurePosixPath, page: PurePosixPath, place: Callable[[str], str]) -> str:
    """The document for the site's renderer. place: path in the repository -> path on the site.

    The renderer wants an empty line before a list, and at most one word at a fence.
    """
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if FENCE.match(line):
            fenced = not fenced
            lines.append(FENCE_WORD.sub(r"\1", line))
        elif fenced:
            lines.append(line)
        else:
            if ITEM.match(line) and lines and lines[-1].strip() and not _continues(lines):
                lines.append("")
            lines.append(LINK.sub(lambda found: _link(found[0], source, page, place), line))
    return "\n".join(lines) + "\n"


def _continues(lines: list[str]) -> bool:
    """Whether the last line belongs to a list: it is an item, or is indented below one."""
    return bool(ITEM.match(lines[-1])) or lines[-1].startswith("  ")


def _link(link: str, source: PurePosixPath, page: PurePosixPath, place: Callable[[str], str]) -> str:
    if "://" in link or link.startswith("mailto:"):
        return link
    target = posixpath.normpath(str(source.parent / link))
    return posixpath.relpath(place(target), str(page.parent))
