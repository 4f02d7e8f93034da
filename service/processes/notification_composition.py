"""Composition of the sender of a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final
from uuid import UUID

import psycopg

from domain.mail_subscription.state import MailSubscription
from domain.vocabulary import SYSTEM, Person
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.reading.read_connections import ConnectionLost, Connections
from projections.reading.reader import Reader
from projections.views.authorities import standing_of
from service.access.blocked_persons import BlockedPersons
from service.access.identity import Identity, Unauthenticated
from service.access.mail_confirmation import MailConfirmation
from service.access.webhook_keys import WebhookKeys
from service.commands.block_reader import following_blocks
from service.commands.dispatcher import Dispatch
from service.commands.envelope import CommandEnvelope
from service.event_store.access_recorder import AccessRecorder
from service.notifications.channels import Channels, Disable
from service.notifications.contents import MailContent, Postponed, ReadMailContent, ReadPayload, Withheld
from service.notifications.http_receivers import Receivers
from service.notifications.mail_channel import MailChannel
from service.notifications.mail_server import MailServer
from service.notifications.mail_text import Letterhead
from service.notifications.queue import Delivery
from service.notifications.reminders import STILL_DUE, Due
from service.notifications.sender import Parts, Sender
from service.notifications.webhook_channel import WebhookChannel
from service.processes.composition import WriteSide, reading_connections
from service.processes.rebuild_worker import rebuild_requester
from service.settings import Settings

NAME: Final = "mandate sender"
"""Of its session in the database."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a worker sends with, read from its settings at start-up. None: such messages stay queued."""

    keys: WebhookKeys | None
    confirmation: MailConfirmation | None
    server: MailServer | None

    @classmethod
    def of(cls, settings: Settings) -> "Sending":
        """Raises Misconfigured."""
        server = MailServer.of(settings)
        return cls(keys=WebhookKeys.of(settings), confirmation=MailConfirmation.of(settings), server=server)

    @property
    def why_not(self) -> tuple[str, ...]:
        """What is missing for messages of each kind."""
        if self.keys is None:
            return ("MANDATE_WEBHOOK_KEY_FILE is not set: messages stay queued",)
        return () if self.server is not None else ("MANDATE_SMTP_HOST is not set: there is no mail",)


def send_messages(
    settings: Settings, url: str, write: WriteSide, dispatch: Dispatch, sending: Sending, stop: Event
) -> None:
    """Sends what is queued until `stop` is set."""
    for each in sending.why_not if settings.deliver else ("MANDATE_DELIVER is false: messages stay queued",):
        log.info(each)
    if sending.keys is None or not settings.deliver:
        stop.wait()
        return
    asyncio.run(_send(settings, url, write, dispatch, sending, stop))


async def _send(
    settings: Settings, url: str, write: WriteSide, dispatch: Dispatch, sending: Sending, stop: Event
) -> None:
    async with AsyncExitStack() as stack:
        read = _LazyReading(partial(_opened, settings, url, write, stack))
        parts = Parts(
            connect=partial(
                psycopg.AsyncConnection.connect, url, autocommit=True, connect_timeout=5, application_name=NAME
            ),
            channels=_channels(settings, sending, read, write.store.now),
            disable=partial(_disable, dispatch),
            clock=write.store.now,
        )
        await Sender(parts).run(stop)


def _channels(settings: Settings, sending: Sending, read: "_LazyReading", clock: Callable[[], datetime]) -> Channels:
    webhooks, mail = None, None
    if sending.keys is not None:
        receivers = Receivers(settings.allowed_networks, settings.webhook_timeout)
        webhooks = WebhookChannel(read.payload, sending.keys, receivers, clock)
    if sending.server is not None and sending.confirmation is not None:
        head = Letterhead(sender=settings.smtp_sender, register=settings.smtp_links or None)
        mail = MailChannel(read.mail, sending.server, head, sending.confirmation)
    return Channels(webhooks=webhooks, mail=mail)


@dataclass(frozen=True, slots=True)
class _Reading:
    payload: ReadPayload
    mail: ReadMailContent


class _LazyReading:
    """GraphQL is imported for the first message only: most workers never send any."""

    def __init__(self, open_: Callable[[], Awaitable[_Reading]]) -> None:
        self._open, self._opening = open_, asyncio.Lock()
        self._reading: _Reading | None = None

    async def payload(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        return await (await self._read()).payload(endpoint, delivery)

    async def mail(self, subscription: MailSubscription, delivery: Delivery) -> MailContent | Withheld:
        return await (await self._read()).mail(subscription, delivery)

    async def _read(self) -> _Reading:
        async with self._opening:
            if self._reading is None:
                self._reading = await self._open()
            return self._reading


async def _opened(settings: Settings, url: str, write: WriteSide, stack: AsyncExitStack) -> _Reading:
    return await stack.enter_async_context(_reading(settings, url, write))


@asynccontextmanager
async def _reading(settings: Settings, url: str, write: WriteSide) -> AsyncIterator[_Reading]:
    from service.graphql.execution.executor import GraphQLExecutor
    from service.graphql.execution.trusted_documents import TrustedDocuments, read_documents
    from service.graphql.root import schema
    from service.graphql.schema.context import Services
    from service.graphql.schema.node_types import as_node
    from service.notifications.document_answers import Answers
    from service.notifications.mail_content import MailContents
    from service.notifications.payload import Payloads
    from service.processes.subscription_composition import open_subscriptions

    clock = write.store.clock.now
    connections = reading_connections(settings, url)
    try:
        async with (
            following_blocks(write.store) as blocked,
            open_subscriptions(settings, url, clock, blocked) as subscriptions,
        ):
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
            answers = Answers(GraphQLExecutor(schema, TrustedDocuments(schema, read_documents())), services, clock)
            still_due = partial(_still_due, connections)
            yield _Reading(
                Payloads(answers, still_due), MailContents(answers, still_due, partial(_is_blocked, blocked))
            )
    finally:
        await connections.close()


def _is_blocked(blocked: BlockedPersons, person: Person) -> bool:
    if not blocked.is_known:
        raise Postponed("it is not known yet who is blocked")
    return blocked.is_blocked(person)


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


async def _disable(dispatch: Dispatch, endpoint: UUID, command: Disable) -> None:
    """A refusal means that it is disabled already."""
    envelope = CommandEnvelope(command=command, actor=SYSTEM, subject=endpoint)
    await asyncio.to_thread(dispatch, envelope)
