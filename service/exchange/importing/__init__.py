"""Imported histories, from raw lines to appended items: one item for each history.

The rules decide each line as of its own time.
"""
