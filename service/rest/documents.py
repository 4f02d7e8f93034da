"""Resources that are read with a trusted document."""

from typing import Any, Final

import strawberry
from graphql import DocumentNode
from starlette.types import ASGIApp

from service.graphql.execution.executor import GraphQLExecutor, GraphQLResponse
from service.graphql.execution.request import GraphQLRequest
from service.graphql.execution.trusted_documents import document_id
from service.graphql.http.accept_header import JSON
from service.graphql.http.disconnection import while_connected
from service.graphql.http.response import JsonResponse
from service.rest.parameters import parameters_of, query_of, variables_of
from service.rest.paths import DocumentPath
from service.rest.problems import NOT_FOUND, Problem, problem_of
from service.rest.resource import Call
from service.rest.tags import Tag, tag_of

AT_LEAST: Final = "atLeast"


class DocumentResource:
    """Executes a trusted document as a GraphQL request would. Its content is the one field of the data."""

    media: Final = (JSON,)

    def __init__(
        self, path: DocumentPath, text: str, node: DocumentNode, schema: strawberry.Schema, executor: GraphQLExecutor
    ) -> None:
        self.path = path
        self.parameters: Final = parameters_of(schema._schema, node, path.path)
        self._id, self._executor = document_id(text), executor

    async def respond(self, call: Call, media: str) -> ASGIApp:
        variables = variables_of(self.parameters, call.in_path, query_of(call.query_string))
        tag = await self._tag(call)
        if _includes(tag, variables) and (unchanged := call.not_modified(tag)):
            return unchanged
        request = GraphQLRequest(document_id=self._id, variables=variables)
        prepared = await self._executor.prepare(request, call.context, read_only=True)
        answer = await while_connected(call.receive, self._executor.execute(prepared, call.context))
        return JsonResponse(self._content(answer), 200, media, tag.headers)

    async def _tag(self, call: Call) -> Tag:
        """Of the views before the answer is read: it includes at least as much."""
        marks = await call.context.services.reader.marks()
        position = min((position for position, _ in marks.values()), default=0)
        return tag_of(position, call.context.actor, self._id, sorted(marks.items()))

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
