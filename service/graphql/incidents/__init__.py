"""Incidents, the evidence, and who was found responsible."""
