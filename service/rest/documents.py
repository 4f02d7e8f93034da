"""Resources that are read with a trusted document."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import strawberry
from graphql import DocumentNode
from starlette.types import ASGIApp

from service.graphql.execution.cost_model import LONGEST_PAGE
from service.graphql.execution.executor import GraphQLExecutor, GraphQLResponse
from service.graphql.execution.request import GraphQLRequest
from service.graphql.execution.trusted_documents import document_id
from service.graphql.http.accept_header import JSON
from service.graphql.http.disconnection import while_connected
from service.graphql.http.response import ContentResponse, JsonResponse
from service.rest.calendar import DOCUMENTS as CALENDARS
from service.rest.calendar import MEDIA as CALENDAR
from service.rest.calendar import calendar
from service.rest.entity_tags import Tag, tag_of
from service.rest.parameters import parameters_of, query_of, variables_of
from service.rest.paths import ROOT, DocumentPath
from service.rest.problems import NOT_FOUND, Problem, problem_of
from service.rest.resource import Call

AT_LEAST: Final = "atLeast"


class DocumentResource:
    """Executes a trusted document as a GraphQL request would. Its content is the one field of the data."""

    def __init__(
        self, path: DocumentPath, text: str, node: DocumentNode, schema: strawberry.Schema, executor: GraphQLExecutor
    ) -> None:
        self.path = path
        self.parameters: Final = parameters_of(schema._schema, node, path.path)
        self.media: Final = (JSON, CALENDAR) if path.document in CALENDARS else (JSON,)
        self._id, self._executor = document_id(text), executor

    async def respond(self, call: Call, media: str) -> ASGIApp:
        variables = variables_of(self.parameters, call.in_path, query_of(call.query_string))
        tag = await self._tag(call, media)
        if _includes(tag, variables) and (unchanged := call.not_modified(tag)):
            return unchanged
        if media == CALENDAR:
            items = [item async for item in self._items(call, variables)]
            return ContentResponse(
                calendar(items, call.head.origin + ROOT), 200, f"{media}; charset=utf-8", tag.headers
            )
        return JsonResponse(await self._answer(call, variables), 200, media, tag.headers)

    async def _items(self, call: Call, variables: dict[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """The items of all pages."""
        page = {"first": LONGEST_PAGE, **variables}
        while True:
            found = await self._answer(call, page)
            for edge in found["edges"]:
                yield edge["node"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            page["after"] = found["pageInfo"]["endCursor"]

    async def _answer(self, call: Call, variables: dict[str, Any]) -> Any:
        """The content. Raises Problem."""
        request = GraphQLRequest(document_id=self._id, variables=variables)
        prepared = await self._executor.prepare(request, call.context, read_only=True)
        return self._content(await while_connected(call.receive, self._executor.execute(prepared, call.context)))

    async def _tag(self, call: Call, media: str) -> Tag:
        """Of the views before the answer is read: it includes at least as much."""
        marks = await call.context.services.reader.marks()
        position = min((position for position, _ in marks.values()), default=0)
        return tag_of(position, call.context.actor, self._id, media, sorted(marks.items()))

    def _content(self, answer: GraphQLResponse) -> Any:
        """Raises Problem."""
        if answer.errors:
            raise problem_of(answer.errors)
        assert answer.data is not None
        [content] = answer.data.values()
        if content is None:
            raise Problem(NOT_FOUND, "There is none of this reference or id that you may see, at that time.")
        return content


def _includes(tag: Tag, variables: dict[str, Any]) -> bool:
    """Whether the views are as far as the request asks, if it asks."""
    wanted = variables.get(AT_LEAST, "0")
    return wanted.isdecimal() and int(wanted) <= tag.position
