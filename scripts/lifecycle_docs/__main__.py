"""Prints the page or the picture: `python -m scripts.lifecycle_docs page|picture`."""

import sys

from scripts.lifecycle_docs.page import page
from scripts.lifecycle_docs.picture import picture

sys.stdout.write({"page": page, "picture": picture}[sys.argv[1]]())
