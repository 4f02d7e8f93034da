"""The API as an ASGI application: GraphQL, GraphiQL, reading over plain HTTP, health and metrics."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

from fastapi import FastAPI

from projections.reading.read_connections import Connections
from projections.reading.reader import Reader
from projections.views.authorities import standing_of
from service.access.authentication import open_authentication
from service.access.issuers import Issuer
from service.access.mail_confirmation import MailConfirmation
from service.access.own_tokens import Tokens
from service.access.webhook_keys import WebhookKeys
from service.commands.actor_names import ActorNames
from service.commands.block_reader import following_blocks
from service.event_store.access_recorder import AccessRecorder
from service.graphql.execution.cost_budget import CostBudget
from service.graphql.execution.document_cache import DocumentPolicy
from service.graphql.http.endpoint import GraphQLApp
from service.graphql.schema.context import Services
from service.graphql.schema.node_types import as_node
from service.graphql.subscriptions.lifetime import SubscriptionServices
from service.notifications.receiver_addresses import problem_of
from service.processes.composition import WriteSide, now, reading_connections, tolerance, write_side
from service.processes.health import HealthCheck
from service.processes.health_endpoints import mount_health_endpoints
from service.processes.metrics import Metrics
from service.processes.rebuild_worker import rebuild_requester
from service.processes.subscription_composition import open_subscriptions
from service.rest.file_services import FileServices
from service.rest.routes import mount_rest
from service.settings import DatabaseUrls, Settings


def create_app(
    settings: Settings, urls: DatabaseUrls, tokens: Tokens | None, issuers: Sequence[Issuer] = ()
) -> FastAPI:
    """The application. It opens its connections at start-up and drains at shutdown.

    tokens: the register's own, None if they are not accepted. issuers: external ones that are.
    """
    webhook_keys, mail = WebhookKeys.of(settings), MailConfirmation.of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connections = reading_connections(settings, urls.api)
        health_connections = reading_connections(settings, urls.api, 1)
        try:
            with write_side(settings, urls.api) as write:
                clock = write.store.clock.now
                async with (
                    following_blocks(write.store) as blocked,
                    open_authentication(tokens, issuers) as authentication,
                    open_subscriptions(settings, urls.api, clock, blocked) as live,
                    aclosing(FileServices(write.store)) as app.state.files,
                ):
                    reader = _reader(settings, connections, clock)
                    metrics = app.state.metrics = _metrics(write, connections, live)
                    app.state.health_check = _health_check(
                        settings, urls, health_connections, write, authentication.warning
                    )
                    app.state.services = Services(
                        as_node=as_node,
                        dispatcher=write.dispatcher,
                        reader=reader,
                        identify=lambda token: blocked.admit(authentication.identify(token, now())),
                        subscriptions=live,
                        request_rebuild=rebuild_requester(connections),
                        record_actor_name=ActorNames(write.store, write.threads).record,
                        record_access=AccessRecorder(connections, settings.statement_timeout + 1).record,
                        record_command_metric=metrics.command,
                        record_execution=metrics.execution,
                        record_document_metric=metrics.document,
                        clock=clock,
                        webhook_keys=webhook_keys,
                        receiver_problem=lambda url: problem_of(url, settings.allowed_networks),
                        mail=mail,
                        is_blocked=blocked.is_blocked,
                        budget=CostBudget(settings.cost_per_minute),
                    )
                    yield
        finally:
            await connections.close()
            await health_connections.close()

    policy = _policy(settings)
    graphiql = settings.graphiql and not policy.trusted_only
    app = GraphQLApp(
        policy,
        graphiql=graphiql,
        origins=settings.allowed_origins,
        title="Mandate",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    mount_health_endpoints(app)
    mount_rest(app, graphiql=graphiql, origins=settings.allowed_origins)
    return app


def _reader(settings: Settings, connections: Connections, clock: Callable[[], datetime]) -> Reader:
    return Reader(
        connections,
        standing_of,
        patience=settings.view_timeout,
        answer_limit=settings.statement_timeout,
        clock=clock,
    )


def _health_check(
    settings: Settings,
    urls: DatabaseUrls,
    connections: Connections,
    write: WriteSide,
    warning_of_issuers: Callable[[], str | None],
) -> HealthCheck:
    warnings = {
        "durability": write.store.durability_warning,
        "archive": write.store.archive_warning,
        "issuers": warning_of_issuers,
    }
    watching = Reader(connections, standing_of, answer_limit=settings.statement_timeout)
    return HealthCheck(watching, urls.api, tolerance(settings), write.store.probe, warnings)


def _metrics(write: WriteSide, connections: Connections, live: SubscriptionServices) -> Metrics:
    return Metrics(
        lambda: write.store.waiting,
        {
            "commands": lambda: write.store.pool_use,
            "queries": lambda: connections.use,
            "subscriptions": live.pool_use,
        },
        {"connections": lambda: live.connections.taken, "subscriptions": lambda: live.subscriptions.taken},
    )


def _policy(settings: Settings) -> DocumentPolicy:
    return DocumentPolicy(
        trusted_only=settings.documents == "trusted",
        introspection=settings.introspection,
        suggestions=settings.suggestions,
    )
