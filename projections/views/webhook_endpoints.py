"""The webhook endpoints, current and past."""

from typing import Final

from domain.catalogue import WEBHOOK_ENDPOINT
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.views.endpoint_view import endpoint_view

VERSION: Final = 2

VIEW, every = endpoint_view("webhook_endpoints", VERSION, WEBHOOK_ENDPOINT, WebhookEndpoint, "name")
