"""Composition of the sender of a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.vocabulary import SYSTEM
from domain.webhook_endpoint.lifecycle import DisableWebhookEndpoint
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.reading.connections import ConnectionLost, Connections
from projections.reading.reader import Reader
from projections.views.authorities import standing_of
from service.access.blocked_persons import BlockedPersons
from service.access.webhook_keys import WebhookKeys
from service.commands.dispatcher import Dispatch
from service.commands.envelope import CommandEnvelope
from service.event_store.access_recorder import AccessRecorder
from service.identity import Identity, Unauthenticated
from service.notifications.contents import Postponed, ReadPayload, Withheld
from service.notifications.due import STILL_DUE, Due
from service.notifications.queue import Delivery
from service.notifications.receivers import Receivers
from service.notifications.sender import Parts, Sender
from service.processes.composition import WriteSide, reading_connections
from service.processes.rebuild_worker import rebuild_requester
from service.settings import Settings

NAME: Final = "mandate sender"
"""Of its session in the database."""

log = logging.getLogger(__name__)


def send_messages(
    settings: Settings, url: str, write: WriteSide, dispatch: Dispatch, keys: WebhookKeys | None, stop: Event
) -> None:
    """Sends what is queued until `stop` is set. keys: None if there are no webhooks."""
    if keys is None or not settings.deliver:
        missing = "MANDATE_DELIVER is false" if keys is not None else "MANDATE_WEBHOOK_KEY_FILE is not set"
        log.info("messages to webhooks stay queued: %s", missing)
        stop.wait()
        return
    asyncio.run(_send(settings, url, write, dispatch, keys, stop))


async def _send(
    settings: Settings, url: str, write: WriteSide, dispatch: Dispatch, keys: WebhookKeys, stop: Event
) -> None:
    async with AsyncExitStack() as stack:
        parts = Parts(
            connect=partial(
                psycopg.AsyncConnection.connect, url, autocommit=True, connect_timeout=5, application_name=NAME
            ),
            read=_LazyPayloads(partial(_opened, settings, url, write, stack)),
            keys=keys,
            receivers=Receivers(settings.allowed_networks, settings.webhook_timeout),
            disable=partial(_disable, dispatch),
            clock=write.store.now,
        )
        await Sender(parts).run(stop)


class _LazyPayloads:
    """GraphQL is imported for the first message only: most workers never send any."""

    def __init__(self, open_: Callable[[], Any]) -> None:
        self._open = open_
        self._payloads: ReadPayload | None = None

    async def __call__(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        if self._payloads is None:
            self._payloads = await self._open()
        return await self._payloads(endpoint, delivery)


async def _opened(settings: Settings, url: str, write: WriteSide, stack: AsyncExitStack) -> ReadPayload:
    return await stack.enter_async_context(_payloads(settings, url, write))


@asynccontextmanager
async def _payloads(settings: Settings, url: str, write: WriteSide) -> AsyncIterator[ReadPayload]:
    from service.graphql.execution.executor import GraphQLExecutor
    from service.graphql.execution.trusted_documents import TrustedDocuments, read_documents
    from service.graphql.root import schema
    from service.graphql.schema.context import Services
    from service.graphql.schema.node_types import as_node
    from service.notifications.payload import Payloads
    from service.processes.subscription_composition import open_subscriptions

    clock = write.store.clock.now
    connections = reading_connections(settings, url)
    try:
        async with open_subscriptions(settings, url, clock, BlockedPersons()) as subscriptions:
            services = Services(
                dispatcher=write.dispatcher,
                reader=Reader(
                    connections,
                    standing_of,
                    patience=settings.view_timeout,
                    answer_limit=settings.statement_timeout,
                    clock=clock,
                ),
                as_node=as_node,
                identify=_nobody,
                subscriptions=subscriptions,
                clock=clock,
                request_rebuild=rebuild_requester(connections),
                record_actor_name=_unnamed,
                record_access=AccessRecorder(connections, settings.statement_timeout + 1).record,
            )
            executor = GraphQLExecutor(schema, TrustedDocuments(schema, read_documents()))
            yield Payloads(executor, services, clock, partial(_still_due, connections))
    finally:
        await connections.close()


async def _still_due(connections: Connections, delivery: Delivery) -> bool:
    values = {"subject": delivery.subject, "action": Due.of(delivery).action, "at": delivery.at}
    try:
        async with connections.connection() as connection:
            row = await (await connection.execute(STILL_DUE.encode(), values)).fetchone()
    except (TimeoutError, psycopg.Error, ConnectionLost) as error:
        raise Postponed(f"the database does not answer: {error}") from error
    return row is not None and bool(row[0])


def _nobody(token: str) -> Identity:
    raise Unauthenticated("A worker accepts no tokens.")


async def _unnamed(identity: Identity) -> None:
    """Endpoints have no names of persons."""


async def _disable(dispatch: Dispatch, endpoint: UUID, command: DisableWebhookEndpoint) -> None:
    """A refusal means that it is disabled already."""
    envelope = CommandEnvelope(command=command, actor=SYSTEM, subject=endpoint)
    await asyncio.to_thread(dispatch, envelope)
