"""Policies: pure functions from a request to the command that the register issues automatically."""
