"""The parameters of a path: the variables of its document. The fields of an input object are parameters each."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLInputType,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
    visit,
)

from service.rest.problems import wrong_parameter

ID: Final = "id"
_INTEGER: Final = re.compile(r"-?[0-9]{1,10}")
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """variable: of the document. is_field: whether it is a field of the variable's value, under its own name."""

    name: str
    variable: str
    kind: GraphQLInputType
    description: str | None
    in_path: bool = False
    is_field: bool = False

    @property
    def is_list(self) -> bool:
        return is_list_type(get_nullable_type(self.kind))

    @property
    def is_required(self) -> bool:
        return self.in_path or is_non_null_type(self.kind)


def parameters_of(schema: GraphQLSchema, document: DocumentNode, path: str) -> tuple[Parameter, ...]:
    """The parameters of a document with one operation. A path parameter takes a reference or an id."""
    [operation] = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    descriptions = _descriptions(schema, document)
    found = (_parameters(schema, each, path, descriptions) for each in operation.variable_definitions or ())
    return tuple(parameter for group in found for parameter in group)


def variables_of(
    parameters: Sequence[Parameter], in_path: Mapping[str, str], query: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """The variables of a request, which the executor checks. Raises Problem if a parameter is unknown or repeated."""
    known, texts = {each.name: each for each in parameters if not each.in_path}, dict[str, list[str]]()
    for name, text in query:
        if name not in known:
            raise wrong_parameter(name, f"unknown. The parameters here: {', '.join(known) or 'none'}.")
        if texts.setdefault(name, []) and not known[name].is_list:
            raise wrong_parameter(name, "given more than once.")
        texts[name].append(text)
    variables: dict[str, Any] = {}
    for name, text in in_path.items():
        variables[ID if _is_id(text) else name] = text
    for name, parameter in known.items():
        if name not in texts:
            if parameter.is_required:
                raise wrong_parameter(name, "required.")
            continue
        given = texts[name]
        value = [_plain(parameter, text) for text in given] if parameter.is_list else _plain(parameter, given[0])
        if parameter.is_field:
            variables.setdefault(parameter.variable, {})[name] = value
        else:
            variables[name] = value
    return variables


def query_of(query_string: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)


def _parameters(
    schema: GraphQLSchema, node: VariableDefinitionNode, path: str, descriptions: Mapping[str, str | None]
) -> Iterator[Parameter]:
    name, kind = node.variable.name.value, cast("GraphQLInputType", type_from_ast(schema, node.type))
    nullable = get_nullable_type(kind)
    in_path = f"{{{name}}}" in path
    if name == ID:
        return
    if is_input_object_type(nullable):
        for field_name, field in nullable.fields.items():
            yield Parameter(
                name=field_name, variable=name, kind=field.type, description=field.description, is_field=True
            )
        return
    description = "A reference or an id." if in_path else descriptions.get(name)
    yield Parameter(name=name, variable=name, kind=kind, description=description, in_path=in_path)


def _descriptions(schema: GraphQLSchema, document: DocumentNode) -> dict[str, str | None]:
    """The description of the argument that each variable is passed to."""
    types, found = TypeInfo(schema), dict[str, str | None]()

    class Uses(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            argument = types.get_argument()
            if argument is not None:
                found.setdefault(node.name.value, argument.description)

    visit(document, TypeInfoVisitor(types, Uses()))
    return found


def _plain(parameter: Parameter, text: str) -> Any:
    """The JSON value that the text stands for. Raises Problem if it stands for none of the parameter's type."""
    kind = get_named_type(parameter.kind)
    if kind is GraphQLBoolean:
        if text not in _BOOLEANS:
            raise wrong_parameter(parameter.name, f"'{text}' is neither true nor false.")
        return _BOOLEANS[text]
    if is_enum_type(kind):
        if text not in kind.values:
            raise wrong_parameter(parameter.name, f"'{text}' is none of {', '.join(kind.values)}.")
        return text
    is_number = kind is GraphQLInt
    if is_number and not (_INTEGER.fullmatch(text) and -(2**31) <= int(text) < 2**31):
        raise wrong_parameter(parameter.name, f"'{text}' is no whole number of 32 bits.")
    value = int(text) if is_number else text
    try:
        cast("GraphQLScalarType", kind).parse_value(value)
    except (GraphQLError, ValueError) as error:
        raise wrong_parameter(parameter.name, str(error)) from None
    return value


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
