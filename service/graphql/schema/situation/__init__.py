"""Counts of requests and incidents by region.

Serves `situation`.
"""
