"""Long-running processes: the API, the worker, their composition, health and metrics.

The supervisor restarts a worker that was killed.
"""
