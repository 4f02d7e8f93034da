"""Aggregate: an incident, its evidence, and the findings on who was responsible."""
