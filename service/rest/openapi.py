"""The OpenAPI 3.1 description, generated from the resources."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from graphql import DocumentNode, GraphQLSchema

from service.graphql.execution.cost_model import LONGEST_PAGE
from service.graphql.http.accept_header import JSON
from service.rest.answer_schemas import AnswerSchemas, Schema
from service.rest.documents import DocumentResource
from service.rest.dossiers import DossierResource
from service.rest.entity_tags import POSITION
from service.rest.exports import ExportResource
from service.rest.files import FileParameter
from service.rest.parameters import Parameter
from service.rest.paths import ROOT
from service.rest.problems import MEDIA, STATUSES

OF_EVERY_PATH: Final = (400, 401, 403, 406, 429, 500, 503)
NOT_FOUND: Final = 404
TOO_LARGE: Final = 422
PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": list(STATUSES)},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["parameter", "detail"],
            },
        },
        "retryAfter": {"type": "number", "description": "Seconds."},
        "correlationId": {"type": "string", "description": "Of the log entry of an internal error."},
        "available": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
BOUNDS: Final[Mapping[str, Schema]] = {
    "first": {"minimum": 1, "maximum": LONGEST_PAGE},
    "last": {"minimum": 1, "maximum": LONGEST_PAGE},
    "offset": {"minimum": 0},
}
"""Of parameters, besides their type."""
HEADERS: Final[Schema] = {
    "ETag": {"$ref": "#/components/headers/ETag"},
    POSITION: {"$ref": "#/components/headers/Position"},
}
IF_NONE_MATCH: Final[Schema] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an answer that the client has: 304 if nothing was recorded since.",
    "schema": {"type": "string"},
}
REFERENCE: Final[Schema] = {"name": "reference", "in": "path", "required": True, "schema": {"type": "string"}}


def openapi(
    schema: GraphQLSchema,
    documents: Iterable[tuple[DocumentResource, DocumentNode, str]],
    files: Iterable[tuple[str, ExportResource | DossierResource]],
) -> dict[str, Any]:
    """documents: with the node and the text of each. files: by path below ROOT."""
    schemas, paths = AnswerSchemas(schema), dict[str, Any]()
    for resource, node, text in documents:
        paths[ROOT + resource.path.path] = {"get": _read(schemas, resource, node, text)}
    for path, file in files:
        paths[ROOT + path] = {"get": _file(path, file)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mandate", "version": version("mandate"), "description": "Reading the register."},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "headers": {
                "ETag": {"description": "Weak: the position, and a digest.", "schema": {"type": "string"}},
                "Position": {
                    "description": "Of the last event that the answer certainly includes.",
                    "schema": {"type": "string", "pattern": "^[0-9]{1,19}$"},
                },
            },
            "responses": {str(status): _problem(status) for status in (*OF_EVERY_PATH, NOT_FOUND, TOO_LARGE)},
            "schemas": {"Problem": PROBLEM, **dict(sorted(schemas.leaves.items()))},
        },
    }


def _read(schemas: AnswerSchemas, resource: DocumentResource, node: DocumentNode, text: str) -> Schema:
    content = {
        media: {"schema": schemas.of_answer(node) if media == JSON else {"type": "string"}} for media in resource.media
    }
    return {
        "operationId": resource.path.document,
        "summary": text.partition("\n")[0].removeprefix("# "),
        "parameters": [*(_parameter(schemas, each) for each in resource.parameters), IF_NONE_MATCH],
        "responses": _responses(content, *((NOT_FOUND,) if schemas.may_be_null(node) else ())),
    }


def _parameter(schemas: AnswerSchemas, parameter: Parameter) -> Schema:
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.is_required,
        **({"description": parameter.description} if parameter.description else {}),
        "schema": {**schemas.of_input(parameter.kind), **BOUNDS.get(parameter.name, {})},
    }


def _file(path: str, file: ExportResource | DossierResource) -> Schema:
    is_dossier = isinstance(file, DossierResource)
    content = {
        media.partition(";")[0]: {"schema": {"type": "object" if media.startswith(JSON) else "string"}}
        for media in file.media
    }
    name = f"dossier-{file.ending}" if isinstance(file, DossierResource) else f"export-{file.name}"
    return {
        "operationId": name,
        "summary": "The dossier of a request." if is_dossier else "What the bearer may see, as a file.",
        "parameters": [
            *([REFERENCE] if "{reference}" in path else []),
            *(_of_file(each) for each in file.parameters),
            IF_NONE_MATCH,
        ],
        "responses": _responses(content, NOT_FOUND, *((TOO_LARGE,) if is_dossier else ())),
    }


def _of_file(parameter: FileParameter) -> Schema:
    return {"name": parameter.name, "in": "query", "description": parameter.description, "schema": parameter.schema}


def _responses(content: Mapping[str, Any], *others: int) -> Schema:
    problems = {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted((*OF_EVERY_PATH, *others))
    }
    return {
        "200": {"description": "The content.", "headers": HEADERS, "content": dict(content)},
        "304": {"description": "The client has it.", "headers": HEADERS},
        **problems,
    }


def _problem(status: int) -> Schema:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
