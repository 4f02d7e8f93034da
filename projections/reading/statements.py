"""Renders statements of SQLAlchemy Core for psycopg. The text of a statement is written once."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, BindParameter, Executable, Select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler

from domain.visibility import SEEING_ALL, Viewer
from projections.reading.pipeline import Statement
from projections.tables.row_security import SETTINGS, WITHOUT_MARKINGS, as_viewer

KEPT: Final = 128
"""Rendered statements that are kept for equal ones. Daily use needs no more, and some take half a megabyte."""
VIEWERS: Final = 1024
"""Viewers whose tokens are kept as statements use them."""
DIALECT: Final = psycopg.dialect()  # type: ignore[no-untyped-call]

Parameters = dict[str, Any]
Encoder = Callable[[Any], Any]
ViewerSettings = Mapping[str, str]
"""The parameters of `row_security.as_viewer`."""


class Texts(list[str]):
    """Texts that many statements compare with. encoded: the text of the array."""

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__(values)
        self.encoded = _encoded(self)


@lru_cache(VIEWERS)
def tokens_of(viewer: Viewer) -> Mapping[str, Texts]:
    """What statements compare with audiences and markings, by the names of SETTINGS."""
    tokens = viewer.tokens or frozenset()
    found = {"tokens": tokens, "own_tokens": tokens - SEEING_ALL, "markings": viewer.sees_all_of}
    return {name: Texts(sorted(found[name])) for name in SETTINGS}


@lru_cache(VIEWERS)
def settings_of(viewer: Viewer) -> ViewerSettings | None:
    """None for the register itself, which sees every row."""
    if viewer.tokens is None:
        return None
    return {f"viewer_{name}": each.encoded for name, each in tokens_of(viewer).items()}


@lru_cache(VIEWERS)
def viewed(views: tuple[str, ...]) -> str:
    """The parameter 'viewed' of `row_security.as_viewer`."""
    return _encoded(view for view in views if view not in WITHOUT_MARKINGS)


def with_one_plan(statement: Select[Any]) -> Select[Any]:
    """The statement, planned once for all values: it finds rows by their key, or reads an index in order."""
    return statement.execution_options(one_plan=True)


class Rendered:
    """A statement as psycopg executes it."""

    def __init__(self, compiled: SQLCompiler, values: Mapping[str, Any], *, one_plan: bool) -> None:
        """values: of the parameters, as the statement was built. one_plan: as of Statement."""
        self.one_plan = one_plan
        self.text = str(compiled)
        self.text_of_viewer = as_viewer(self.text)
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

    def rendered(
        self, statement: Executable, values: Mapping[str, Any], viewer: ViewerSettings | None = None
    ) -> Statement:
        """The text of a statement and its parameters. viewer: for whom row-level security admits rows."""
        found = self._rendered.get(statement)
        if found is None:
            found = self._rendered[statement] = self._render(statement)
        if viewer is None:
            return Statement(found.text, found.parameters(values), found.one_plan)
        return Statement(found.text_of_viewer, {**found.parameters(values), **viewer}, found.one_plan)

    def _render(self, statement: Any) -> Rendered:
        key, one_plan = statement._generate_cache_key(), statement.get_execution_options().get("one_plan", False)
        compiled = self._compiled.pop(key.key, None) if key else None
        if compiled is None:
            compiled = statement._compiler(DIALECT, cache_key=key)
        if compiled.post_compile_params or not key:
            compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
            return Rendered(compiled, compiled.construct_params(_check=False), one_plan=one_plan)
        if len(self._compiled) >= KEPT:
            del self._compiled[next(iter(self._compiled))]
        self._compiled[key.key] = compiled
        values = compiled.construct_params(extracted_parameters=key.bindparams, _check=False)
        return Rendered(compiled, values, one_plan=one_plan)


def _encoder(bind: BindParameter[Any] | None) -> Encoder:
    """bind: None for an element of a list."""
    return _array if bind is not None and isinstance(bind.type, ARRAY) else _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _array(values: Iterable[Any] | None) -> str | None:
    if values is None:
        return None
    return values.encoded if isinstance(values, Texts) else _encoded(values)


def _encoded(values: Iterable[Any]) -> str:
    """The text of an array: psycopg's own takes longer than the rest of a short statement."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
