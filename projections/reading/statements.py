"""Renders statements of SQLAlchemy Core for psycopg. The text of a statement is written once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, BindParameter, Executable
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler

KEPT: Final = 128
"""Rendered statements that are kept for equal ones. Daily use needs no more, and some take half a megabyte."""
DIALECT: Final = psycopg.dialect()  # type: ignore[no-untyped-call]

Parameters = dict[str, Any]
Encoder = Callable[[Any], Any]


class Rendered:
    """A statement as psycopg executes it."""

    def __init__(self, compiled: SQLCompiler, values: Mapping[str, Any]) -> None:
        """values: of the parameters, as the statement was built."""
        self.text = str(compiled)
        self._encoders = {name: _encoder(compiled.binds.get(name)) for name in values}
        self._values = {name: self._encoders[name](value) for name, value in values.items()}

    def parameters(self, values: Mapping[str, Any]) -> Parameters:
        """values: of named parameters; those that the statement does not have are ignored."""
        found = dict(self._values)
        for name, encode in self._encoders.items():
            if name in values:
                found[name] = encode(values[name])
        return found


class Statements:
    """The rendered statements: by the object as long as it lives, and the last ones by their structure."""

    def __init__(self) -> None:
        self._rendered: WeakKeyDictionary[Executable, Rendered] = WeakKeyDictionary()
        self._compiled: dict[Any, SQLCompiler] = {}

    def rendered(self, statement: Executable, values: Mapping[str, Any]) -> tuple[str, Parameters]:
        """The text of a statement and its parameters."""
        found = self._rendered.get(statement)
        if found is None:
            found = self._rendered[statement] = self._render(statement)
        return found.text, found.parameters(values)

    def _render(self, statement: Any) -> Rendered:
        key = statement._generate_cache_key()
        compiled = self._compiled.pop(key.key, None) if key else None
        if compiled is None:
            compiled = statement._compiler(DIALECT, cache_key=key)
        if compiled.post_compile_params or not key:
            compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
            return Rendered(compiled, compiled.construct_params(_check=False))
        if len(self._compiled) >= KEPT:
            del self._compiled[next(iter(self._compiled))]
        self._compiled[key.key] = compiled
        return Rendered(compiled, compiled.construct_params(extracted_parameters=key.bindparams, _check=False))


def _encoder(bind: BindParameter[Any] | None) -> Encoder:
    """bind: None for an element of a list."""
    return _array if bind is not None and isinstance(bind.type, ARRAY) else _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _array(values: Iterable[Any] | None) -> str | None:
    """The text of an array: psycopg's own takes longer than the rest of a short statement."""
    return None if values is None else "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
