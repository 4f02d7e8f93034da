"""python -m scripts.site TARGET: builds the site; any warning is an error. Nothing is fetched."""

import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from properdocs.commands.build import build
from properdocs.config import load_config

from scripts.site.navigation import navigation
from scripts.site.pages import Pages


def make(target: Path) -> None:
    """Raises an exception of the builder if a page or a link is wrong."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        pages = Pages(source).write()
        form = yaml.safe_load((Path(__file__).parent / "properdocs.yml").read_text())
        hidden = [f"/{page}" for page in pages if page.startswith("files/")]
        config = Path(folder) / "properdocs.yml"
        config.write_text(
            yaml.safe_dump(
                {
                    **form,
                    "docs_dir": str(source),
                    "site_dir": str(target.resolve()),
                    "nav": navigation(pages),
                    "not_in_nav": "\n".join(hidden),
                },
                sort_keys=False,
            )
        )
        build(load_config(str(config)))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    make(Path(sys.argv[1]))
