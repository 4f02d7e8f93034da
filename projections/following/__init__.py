"""Followers: apply new events to the rows of a view and advance its checkpoint, in one transaction.

The stream of an event that cannot be applied is parked.
"""
