"""Appends to the log and reads it: group commit, encoding, connections, and the eventsourcing adapter.

Knows stored bytes and recorded events; makes no decisions.
"""
