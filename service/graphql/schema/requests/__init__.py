"""Deployment requests: types, queries, commands, explanation and differences between versions.

Serves `deploymentRequest`, `deploymentRequests` and the commands on a request.
"""
