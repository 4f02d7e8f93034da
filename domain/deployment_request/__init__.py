"""Aggregate: a request to deploy a force into a region, and the decision on it."""
