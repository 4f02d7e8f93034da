"""Recorded events with what they changed, as far as the viewer may see them.

Serves `auditTrail`, and `history` of every subject.
"""
