"""Prints the page."""

import sys

from scripts.lifecycle_docs.page import page

sys.stdout.write(page())
