"""Mounts the resources in the app."""

from collections.abc import Set as AbstractSet
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from service.graphql.execution.trusted_documents import TrustedDocuments, read_documents
from service.graphql.http.accept_header import JSON
from service.graphql.http.cross_origin import CrossOrigin
from service.graphql.http.endpoint import GraphQLApp
from service.graphql.http.request_head import RequestHead
from service.graphql.http.response import JsonResponse
from service.graphql.root import schema
from service.rest.documents import DocumentResource
from service.rest.dossiers import DossierResource
from service.rest.exports import ExportResource
from service.rest.landing_page import landing_page
from service.rest.media import DOSSIERS, EXPORTS
from service.rest.openapi import openapi
from service.rest.paths import PATHS, ROOT
from service.rest.problems import Problem, problem_of
from service.rest.resource import Endpoint, check_method, not_found


def mount_rest(app: GraphQLApp, *, graphiql: bool, origins: AbstractSet[str] = frozenset()) -> None:
    """Serves ROOT and `/`. Requires `app.state.services` and `app.state.files`, set at start-up.

    graphiql: whether /graphql has a page. origins: see CrossOrigin.
    """
    texts = read_documents()
    trusted, documents = TrustedDocuments(schema, texts), []
    for path in PATHS:
        node = trusted.find(path.document).node
        assert node is not None
        text = texts[path.document]
        documents.append((DocumentResource(path, text, node, schema, app.executor), node, text))
    files: list[tuple[str, ExportResource | DossierResource]] = [
        *((f"/requests/{{reference}}/dossier.{ending}", DossierResource(ending)) for ending in DOSSIERS),
        *((f"/export/{name}", ExportResource(name)) for name in EXPORTS),
    ]
    routes: list[BaseRoute] = [
        Route("/openapi.json", Description(openapi(schema._schema, documents, files))),
        *(Route(resource.path.path, Endpoint(resource, app.state)) for resource, _, _ in documents),
        *(Route(path, Endpoint(file, app.state)) for path, file in files),
    ]
    router = Router(routes, redirect_slashes=False, default=not_found)
    within_origins = CrossOrigin(router, origins, lambda error: problem_of([error]).response())
    app.router.routes.extend((Mount(ROOT, app=within_origins), Route(ROOT, within_origins)))
    elsewhere = app.router.default

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await (not_found if scope["type"] == "http" else elsewhere)(scope, receive, send)

    app.router.default = default
    page = landing_page(graphiql=graphiql)

    async def landing(request: Request) -> Response:
        return page

    app.router.routes.append(Route("/", landing))


class Description:
    """An ASGI application: the OpenAPI description, which needs no token."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._response = JsonResponse(content, 200, JSON)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_method(RequestHead(scope))
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            await self._response(scope, receive, send)
