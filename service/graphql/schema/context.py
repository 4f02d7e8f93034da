"""Resolver context: the app's services, the caller's identity, and the state of the request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Final

import strawberry
from graphql import GraphQLError

from domain.refusals import Refusal
from domain.vocabulary import Actor, Person, iso_time
from projections.reading.reader import Reader
from projections.reading.subject_queries import Names
from service.access.identity import Identity
from service.access.mail_confirmation import MailConfirmation
from service.access.webhook_keys import WebhookKeys
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.errors import Unavailable
from service.event_store.access_log import Access
from service.graphql.execution.access_record import Disclosures
from service.graphql.execution.cost_budget import CostBudget
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.execution.pace import Pace
from service.graphql.execution.person_quotas import PersonQuota, PersonQuotas
from service.graphql.loaders.as_happened import as_happened as loaders_as_happened
from service.graphql.loaders.dataloader import Loads
from service.graphql.loaders.loaders import Loaders
from service.graphql.loaders.viewer_rows import AsNode
from service.graphql.schema.arguments import given, past_instant

if TYPE_CHECKING:
    from service.graphql.subscriptions.lifetime import SubscriptionServices


AT_ONCE: Final = 256
PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Services that resolvers need.

    identify: the identity of a bearer token; raises Unauthenticated. record_actor_name: stores the
    name of a command's sender. record_access: adds to the access log; raises Unavailable. webhook_keys: None if there
    are no webhooks. receiver_problem: why nothing is ever sent to an address. mail: None if none is sent. clock: the
    time of the database, as for decisions. request_rebuild: asks a worker to rebuild a view. record_command_metric:
    counts a command by name, outcome and seconds. record_execution: counts an operation by its executor.
    record_document_metric: counts one by trusted document (or None), seconds and whether there were errors. commands:
    limits concurrent commands; one more waits up to PATIENCE seconds and is then refused as unavailable. shares: quotas
    per person. is_blocked: whether nobody acts on behalf of a person. budget: of each person.
    """

    dispatcher: Dispatcher
    reader: Reader
    as_node: AsNode
    identify: Callable[[str], Identity]
    subscriptions: "SubscriptionServices"
    clock: Callable[[], datetime]
    request_rebuild: Callable[[str], Awaitable[None]]
    record_actor_name: Callable[[Identity], Awaitable[None]]
    record_access: Callable[[Access], Awaitable[None]]
    webhook_keys: WebhookKeys | None = None
    receiver_problem: Callable[[str], str | None] = lambda url: None
    mail: MailConfirmation | None = None
    record_command_metric: Callable[[str, str, float], None] = lambda name, outcome, seconds: None
    record_execution: Callable[[str], None] = lambda executor: None
    record_document_metric: Callable[[str | None, float, bool], None] = lambda name, seconds, has_errors: None
    commands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    shares: PersonQuotas = field(default_factory=PersonQuotas)
    is_blocked: Callable[[Person], bool] = lambda person: False
    budget: CostBudget = field(default_factory=lambda: CostBudget(0))


@dataclass(slots=True)
class Context:
    """Context of one request.

    recorded: recorded commands: response name to the position of the last event. omitted_errors: number of errors left
    out of the response. refused: the limit that the response exceeded, if any. selected: by type, the names that the
    operation reads of its states, as in `Plan.reads`; None if that is not known. disclosures: of the response.
    """

    services: Services
    identity: Identity
    now: datetime
    recorded: dict[str, int] = field(default_factory=dict)
    omitted_errors: int = 0
    refused: GraphQLError | None = None
    selected: Mapping[str, Names | None] | None = None
    disclosures: Disclosures = field(default_factory=Disclosures)
    _share: PersonQuota | None = None
    _reserved: int = 0
    _loaders: dict[int | None, Loaders] = field(default_factory=dict)
    _loads: Loads = field(default_factory=set)

    @property
    def actor(self) -> Actor:
        return self.identity.actor

    @property
    def share(self) -> PersonQuota:
        """Quota of the caller."""
        if self._share is None:
            self._share = self.services.shares.of(self.actor.person)
        return self._share

    @property
    def pace(self) -> Pace:
        """Scheduling shared by all requests of the caller."""
        return self.share.pace

    def reserve(self, number: int) -> None:
        """Reserves bytes of the response. Raises QuotaExceeded. Call `release` when the client has read it."""
        self.share.take_bytes(number)
        self._reserved += number

    def release(self) -> None:
        self.share.give_bytes(self._reserved)
        self._reserved = 0

    def end(self) -> None:
        """Releases the response, and cancels loads that are in progress: the client has read it, or has gone."""
        self.release()
        for load in self._loads:
            if not load.cancelling():  # a second time would interrupt the cancellation of its statement
                load.cancel()

    def loaders(self, at_least: int | None = None) -> Loaders:
        """Loaders that read at least at a position, shared by all fields of the request with the same position."""
        found = self._loaders.get(at_least)
        if found is None:
            found = self._loaders[at_least] = Loaders(
                self.services.reader,
                self.services.as_node,
                self.actor,
                self.now,
                at_least,
                pace=self.pace,
                selected=self.selected,
            )
            found.loads = self._loads
            found.is_blocked = self.services.is_blocked
        return found

    async def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """Dispatches a command. Raises Unavailable, QuotaExceeded."""
        commands = self.services.commands
        with self.share.command():
            try:
                async with asyncio.timeout(PATIENCE):
                    await commands.acquire()
            except TimeoutError:
                raise Unavailable("too many commands are in progress") from None
            try:
                return await self._dispatch(envelope)
            finally:
                commands.release()

    async def _dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        started, outcome = monotonic(), "Unavailable"
        try:
            await self.services.record_actor_name(self.identity)
            answer = await self.services.dispatcher.dispatch(envelope)
            outcome = "Recorded" if isinstance(answer, CommandResult) else type(answer).__name__
            return answer
        except asyncio.CancelledError:
            outcome = "Left"
            raise
        finally:
            self.services.record_command_metric(type(envelope.command).__name__, outcome, monotonic() - started)


Info = strawberry.Info[Context, None]


def loaders_then(
    loaders: Loaders, as_of: datetime | None, as_happened: datetime | None, version: int | None = None
) -> Loaders:
    """Loaders of the present, of what was recorded or of what had happened by an instant. Raises BadUserInput."""
    if (instant := past_instant(as_happened)) is None:
        return loaders.as_of(past_instant(as_of))
    if given(as_of) is not None or given(version) is not None:
        raise BadUserInput("asHappened", "Give it without asOf and version.")
    if instant > loaders.now:
        raise BadUserInput("asHappened", f"{iso_time(instant)} has not come yet.")
    return loaders_as_happened(loaders, instant)
