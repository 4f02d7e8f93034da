"""From a command envelope to recorded events: decision attempt, stream locks, state cache, idempotency.

The policy runner dispatches the reactions to events on the same path.
"""
