"""Counts of requests and incidents by region: `situation`."""
