"""A request to let a force deploy into a region, and the decision on it."""
