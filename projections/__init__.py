"""The views: rows derived from events, and the statements that read them.

One module for each view; packages for what all views share: rebuilding > following > reading > tables.
"""
