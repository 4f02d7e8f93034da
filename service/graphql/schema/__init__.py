"""Types, queries and mutations: a package for each area, and what the areas share.

Each area has types.py, queries.py, mutations.py and inputs.py as needed.
"""
