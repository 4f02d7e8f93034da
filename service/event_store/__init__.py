"""Append to the log and read it: group commit, encoding, connections, and the eventsourcing adapter.

Knows stored bytes and recorded events; decides nothing.
"""
