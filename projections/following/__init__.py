"""Followers: they apply new events to the rows of a view and move its checkpoint, in one transaction.

An event that cannot be applied parks its stream.
"""
