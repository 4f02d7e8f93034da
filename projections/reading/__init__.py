"""Queries, filters and lists as SQL statements, and the Reader that runs them.

The Reader answers as a viewer, at least at a position, within a time limit.
"""
