"""Subscriptions: event feed, connection lifetime, WebSocket and server-sent events.

All subscriptions of a process share one low-water mark of the views that they read.
"""
