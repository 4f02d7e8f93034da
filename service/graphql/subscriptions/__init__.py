"""Subscriptions: event feed, connection lifetime, WebSocket and server-sent events.

The subscriptions of a process share one low-water mark of the views that they read.
"""
