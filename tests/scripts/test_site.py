"""The documentation site is built from the repository alone, strictly, and every link on it leads somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from scripts.site.links import rewritten
from scripts.site.navigation import SECTIONS, START, navigation
from tests.tidy.repository import ROOT

FETCHED = ("src", "poster", "data", "srcset")
"""Attributes whose value a browser fetches, besides those of <link>."""


class Page(HTMLParser):
    """ids: anchors. links: where it leads. fetched: what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name in ("id", "name"):
                self.ids.add(value)
            if name in FETCHED or (tag == "link" and name == "href"):
                self.fetched.append(value)
            elif name == "href":
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does, in a process without a network."""
    target = tmp_path_factory.mktemp("site")
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "scripts.site", str(target)]
    built = subprocess.run(command, cwd=ROOT, env=offline, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return target


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_document_of_the_repository_is_a_page(site: Path) -> None:
    documents = [path for path in (ROOT / "docs").rglob("*.md") if path.is_file()]
    assert len(documents) > 40
    for path in documents:
        assert (site / path.relative_to(ROOT / "docs").with_suffix(".html")).exists(), path
    for name in ("overview", "CONTRIBUTING", "CHANGELOG", "SECURITY"):
        assert (site / f"{name}.html").exists()


def test_every_link_leads_to_a_page_and_a_heading(site: Path, pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links begin at the root of the host
            continue
        for link in page.links:
            if "://" in link or link.startswith("mailto:"):
                continue
            file, _, anchor = unquote(link).partition("#")
            target = (path.parent / file).resolve() if file else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (anchor and target.suffix == ".html" and anchor not in pages[target].ids):
                broken.append((str(path.relative_to(site)), link))
    assert broken == []


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    loaded = {link for page in pages.values() for link in page.fetched}
    assert loaded
    assert [link for link in loaded if "//" in link] == []
    sheets = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)|@import[^;]*//", sheets) == []


def test_diagrams_are_pictures_without_scripts(site: Path, pages: dict[Path, Page]) -> None:
    shown = [each for each in pages[site / "lifecycle.html"].fetched if each.endswith(".svg")]
    assert len(shown) == (ROOT / "docs" / "lifecycle.md").read_text().count("```mermaid") > 0
    for name in shown:
        picture = ElementTree.parse(site / name).getroot()
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert {each.tag.rpartition("}")[2] for each in picture.iter()}.isdisjoint({"script", "foreignObject", "image"})
    said = (site / shown[0]).read_text()
    assert "under review" in said
    assert "resume review" in said
    assert "stateDiagram" not in (site / "lifecycle.html").read_text()


def test_a_wrong_diagram_is_an_error() -> None:
    """In a process of its own: the library would report leaks at the end of this one."""
    script = "from scripts.site.pictures import drawn; drawn('```mermaid\\nnonsense\\n```\\n', 'x.md')"
    built = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 1
    assert "ValueError: No Mermaid diagram type detected" in built.stderr


def test_no_markdown_is_left(pages: dict[Path, Page]) -> None:
    left = re.compile(r"^(```|#{1,6} |\| ---|[-*] \[)", re.MULTILINE)
    assert [path.name for path in pages if left.search(_text(path))] == []


def test_each_kind_of_user_has_a_page_to_start_from(site: Path, pages: dict[Path, Page]) -> None:
    linked = set(pages[site / "index.html"].links)
    assert {page.replace(".md", ".html") for page in START[1:]} <= linked


def test_a_new_page_gets_a_place_by_its_folder() -> None:
    listed = [page for pages in SECTIONS.values() for page in pages]
    placed = {
        name: pages for section in navigation([*listed, "operations/x.md", "y.md"]) for name, pages in section.items()
    }
    assert placed["Operate"] == ["operations/index.md", "operations/x.md"]
    assert placed["Develop"][-1] == "y.md"


def test_a_link_follows_its_file(tmp_path: Path) -> None:
    text = (
        "[a](../schema.graphql#x), [b](https://h/c.md), [d](e.md)\n\n```graphql as ana\n[n](o.md)\n```\nList:\n- one\n"
    )
    places = {"schema.graphql": "files/schema.graphql", "docs/e.md": "e.md"}
    found = rewritten(text, PurePosixPath("docs/p/../f.md"), PurePosixPath("sub/f.md"), places.__getitem__)
    assert found.splitlines()[0] == "[a](../files/schema.graphql#x), [b](https://h/c.md), [d](../e.md)"
    assert "```graphql\n[n](o.md)\n```" in found
    assert "List:\n\n- one" in found


def _text(path: Path) -> str:
    """The text of the article, without code."""
    article = path.read_text().partition('role="main"')[2].partition("<footer")[0]
    return re.sub(r"<[^>]+>", "", re.sub(r"<(pre|code).*?</\1>", "", article, flags=re.DOTALL))
