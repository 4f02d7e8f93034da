"""Policies: pure functions from a request to the command that the register issues automatically.

Everybody who may see the request reads the reason of such a command. No reason names an incident or describes its
finding: not everybody who sees the request may see the incident, and its marking may change. The event names it.
"""
