"""Incidents, their evidence and their attribution: types, queries and commands.

Serves `incident`, `incidents` and the commands on an incident.
"""
