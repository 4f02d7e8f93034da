"""Views: rows derived from events, and the queries that read them. One module for each view.

Imports: rebuilding > following > catalogue > views > rows > reading > tables.
"""
