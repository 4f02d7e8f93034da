"""Recorded events and their changes, as far as the viewer may see them.

Serves `auditTrail`, and `history` of each subject.
"""
