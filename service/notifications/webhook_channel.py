"""Messages to webhook endpoints: signed, and sent over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import httpcore

from domain.vocabulary import Text
from domain.webhook_endpoint.lifecycle import DisableWebhookEndpoint
from domain.webhook_endpoint.state import WebhookEndpoint
from service.access.webhook_keys import WebhookKeys
from service.notifications.channels import Delivered, Failed, Outcome
from service.notifications.contents import ReadPayload, Withheld
from service.notifications.http_receivers import Answer, Receivers
from service.notifications.queue import Delivery
from service.notifications.receiver_addresses import Refused
from service.notifications.schedule import retry_after

GONE: Final = 410
ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ProxyError,
)


class WebhookChannel:
    def __init__(
        self, read: ReadPayload, keys: WebhookKeys, receivers: Receivers, clock: Callable[[], datetime]
    ) -> None:
        """clock: of the database."""
        self._read, self._keys, self._receivers, self._clock = read, keys, receivers, clock

    async def deliver(self, endpoint: WebhookEndpoint, delivery: Delivery) -> Outcome:
        body = await self._read(endpoint, delivery)
        if isinstance(body, Withheld):
            return body
        try:
            answer = await self._post(endpoint, delivery, body)
        except (Refused, OSError, TimeoutError, ValueError, *ERRORS) as error:
            return Failed(outcome=description(error))
        outcome = f"HTTP {answer.status}"
        if 200 <= answer.status < 300:
            return Delivered(outcome)
        gone = DisableWebhookEndpoint(reason=Text("The receiver answered 410 Gone."))
        asked = retry_after(answer.retry_after, self._clock())
        return Failed(outcome=outcome, asked=asked, disable=gone if answer.status == GONE else None)

    async def _post(self, endpoint: WebhookEndpoint, delivery: Delivery, body: bytes) -> Answer:
        now, message = self._clock(), delivery.message_id
        timestamp, generations = int(now.timestamp()), endpoint.generations(now)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Mandate",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": self._keys.sign(endpoint.id, generations, message, timestamp, body),
        }
        return await self._receivers.post(endpoint.url, body, headers)


def description(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
