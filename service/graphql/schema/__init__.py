"""Types, queries and mutations: a package for each area, and what the areas share.

Each area holds types.py, queries.py, mutations.py and inputs.py as needed.
"""
