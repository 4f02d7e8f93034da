"""Writes the programs of examples/clients into docs/quickstarts: each below a comment that names its file."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = ROOT / "docs" / "quickstarts"
INCLUDED: Final = re.compile(r"<!-- (examples/\S+) -->\n```(\w+)\n.*?^```$", re.DOTALL | re.MULTILINE)


def filled(page: str) -> str:
    """The page with the files as they are now. Raises FileNotFoundError."""
    return INCLUDED.sub(lambda found: _block(found[1], found[2]), page)


def _block(path: str, language: str) -> str:
    return f"<!-- {path} -->\n```{language}\n{(ROOT / path).read_text().strip()}\n```"


if __name__ == "__main__":
    for file in sorted(PAGES.glob("*.md")):
        file.write_text(filled(file.read_text()))
