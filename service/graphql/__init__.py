"""The GraphQL API, served by Strawberry over HTTP, WebSocket and server-sent events.

Imports: http > root > subscriptions > schema > loaders > execution > compiled.
"""

from service.graphql.schema import enums

__all__ = ["enums"]
