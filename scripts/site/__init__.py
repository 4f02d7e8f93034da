"""Builds the documentation site from the repository's Markdown: `make docs`."""
