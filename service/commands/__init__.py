"""From a command envelope to recorded events: decision attempt, stream locks, state cache, idempotency.

The policy runner dispatches what follows from events by the same path.
"""
