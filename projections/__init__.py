"""Views: rows derived from events, and the queries that read them. One module for each view.

Shared packages: rebuilding > following > reading > tables.
"""
