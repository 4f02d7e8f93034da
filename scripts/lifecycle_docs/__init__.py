"""Renders the lifecycle tables of the domain for docs/: a Markdown page and an SVG picture.

`python -m scripts.lifecycle_docs page` or `picture` prints one of them.
"""
