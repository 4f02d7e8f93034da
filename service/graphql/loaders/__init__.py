"""Batched reads for the fields of one request, as the viewer and at least at a position.

Parked subjects answer VIEW_BEHIND.
"""
