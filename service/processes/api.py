"""The API as an ASGI application: GraphQL, GraphiQL, health and metrics."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from projections.authorities import standing_of
from projections.reading.reader import Reader
from service.access.authentication import open_authentication
from service.access.issuers import Issuer
from service.commands.actor_names import ActorNames
from service.graphql.http.endpoint import mount
from service.graphql.schema.context import Services
from service.graphql.schema.node_types import as_node
from service.identity import Tokens
from service.processes.composition import now, reading_connections, tolerance, write_side
from service.processes.health import HealthCheck
from service.processes.health_endpoints import mount_health_endpoints
from service.processes.metrics import Metrics
from service.processes.rebuild_worker import rebuild_requester
from service.processes.subscription_composition import open_subscriptions
from service.settings import DatabaseUrls, Settings


def create_app(
    settings: Settings, urls: DatabaseUrls, tokens: Tokens | None, issuers: Sequence[Issuer] = ()
) -> FastAPI:
    """The application. It opens its connections at start-up and drains at shutdown.

    tokens: the register's own, None if they are not accepted. issuers: external ones that are.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connections, health_connections = (
            reading_connections(settings, urls.api),
            reading_connections(settings, urls.api, 1),
        )
        try:
            with write_side(settings, urls.api) as write:
                clock = write.store.clock.now
                async with (
                    open_authentication(tokens, issuers) as authentication,
                    open_subscriptions(settings, urls.api, clock) as live,
                ):
                    reader = Reader(
                        connections,
                        standing_of,
                        patience=settings.view_patience,
                        answer_limit=settings.answer_timeout,
                        clock=clock,
                    )
                    metrics = app.state.metrics = Metrics(lambda: write.store.waiting)
                    app.state.health_check = HealthCheck(
                        Reader(health_connections, standing_of, answer_limit=settings.answer_timeout),
                        urls.api,
                        tolerance(settings),
                        write.store.probe,
                        {"durability": write.store.durability_warning, **authentication.warnings()},
                    )
                    app.state.services = Services(
                        as_node=as_node,
                        dispatcher=write.dispatcher,
                        reader=reader,
                        identify=lambda token: authentication.identify(token, now()),
                        subscriptions=live,
                        request_rebuild=rebuild_requester(connections),
                        record_actor_name=ActorNames(write.store, write.threads).record,
                        record_command_metric=metrics.command,
                        record_execution=metrics.execution,
                        clock=clock,
                    )
                    yield
        finally:
            await connections.close()
            await health_connections.close()

    app = FastAPI(title="Mandate", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    mount(app, trusted_only=settings.documents == "trusted")
    mount_health_endpoints(app)
    return app
