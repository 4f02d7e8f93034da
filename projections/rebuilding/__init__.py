"""Rebuilds: a copy of a view is loaded, indexed, compared with the live rows, and swapped in.

`repair` replaces the rows of one stream in place.
"""
