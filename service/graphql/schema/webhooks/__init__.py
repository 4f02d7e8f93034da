"""Webhook endpoints.

Serves `webhookEndpoints` and the commands of administrators on them.
"""
