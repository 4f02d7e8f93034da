"""The pages of the site: the documents of the repository, and the files to which they link."""

import shutil
from pathlib import Path, PurePosixPath
from typing import Final

from scripts.site.links import rewritten
from scripts.site.pictures import drawn

ROOT: Final = Path(__file__).resolve().parents[2]
AT_THE_ROOT: Final = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
OVERVIEW: Final = "overview.md"
"""The README: the name would make it the first page."""
FILES: Final = "files"
"""Folder of the site with the files to which documents link."""


class Pages:
    """Writes the sources of the site to a folder."""

    def __init__(self, target: Path) -> None:
        self._target = target
        below = sorted((*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/*.md")))
        documents = [*AT_THE_ROOT, *(str(path.relative_to(ROOT)) for path in below)]
        self._pages = {each: each.removeprefix("docs/") for each in documents} | {"README.md": OVERVIEW}
        self.listed: dict[str, str] = {}
        """Page of a folder -> its title."""

    def write(self) -> list[str]:
        """Writes all pages. Returns their paths on the site."""
        for source, page in self._pages.items():
            text = rewritten((ROOT / source).read_text(), PurePosixPath(source), PurePosixPath(page), self._place)
            text, images = drawn(text, page)
            self._file(page).write_text(text)
            for name, image in images.items():
                (self._file(page).parent / name).write_text(image)
        return [*self._pages.values(), *self.listed]

    def _place(self, target: str) -> str:
        """Where the site has a file or folder of the repository. Raises FileNotFoundError."""
        if target in self._pages:
            return self._pages[target]
        path = ROOT / target
        if path.is_dir():
            return self._folder(target)
        if path.suffix == ".md":
            raise FileNotFoundError(f"{target} is linked, and is no page of the site")
        copied = f"{FILES}/{target}"
        shutil.copyfile(path, self._file(copied))
        return copied

    def _folder(self, target: str) -> str:
        """The page that lists a folder."""
        within = target.removeprefix("docs/").rstrip("/") if target.startswith("docs/") else f"{FILES}/{target}"
        page = f"{within}/index.md"
        if page not in self.listed:
            self.listed[page] = within.rpartition("/")[2].capitalize()
            found = sorted(path for path in (ROOT / target).iterdir() if path.is_file())
            links = [(self._place(str(path.relative_to(ROOT))), path) for path in found]
            lines = [f"- [{_title(path)}]({PurePosixPath(place).name})\n" for place, path in links]
            self._file(page).write_text(f"# {self.listed[page]}\n\n{''.join(lines)}")
        return page

    def _file(self, page: str) -> Path:
        file = self._target / page
        file.parent.mkdir(parents=True, exist_ok=True)
        return file


def _title(path: Path) -> str:
    """The first heading of a document; of another file, its name."""
    if path.suffix != ".md":
        return path.name
    return path.read_text().partition("\n")[0].removeprefix("# ")
