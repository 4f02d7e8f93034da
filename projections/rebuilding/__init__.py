"""Rebuilds: a copy of a view is loaded, indexed, compared with the served rows, and swapped in.

`repair` replaces the rows of one stream in place.
"""
