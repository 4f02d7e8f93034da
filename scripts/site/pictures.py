"""Diagrams of documents, which are written in the language of Mermaid, as pictures of the site."""

import re
from typing import Final

import mmdr

DIAGRAM: Final = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ALT: Final = "A diagram; the text says the same"


def drawn(text: str, name: str) -> tuple[str, dict[str, str]]:
    """The document with an image in place of each diagram, and the images by their file names.

    name: of the document's file, which those of the images begin with. Raises ValueError if a diagram is wrong.
    """
    images: dict[str, str] = {}

    def image(found: re.Match[str]) -> str:
        file = f"{name.rpartition('/')[2].removesuffix('.md')}-{len(images) + 1}.svg"
        images[file] = mmdr.Diagram(found[1]).svg()
        return f"![{ALT}]({file})"

    return DIAGRAM.sub(image, text), images
