"""OCEL 2.0 as an SQLite database: the standard's relational form, one table per type, with foreign keys."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any, BinaryIO, Final

from domain.vocabulary import iso_time
from service.exchange.exports.atomic_file import copy, database_beside
from service.exchange.exports.columns import Column, ColumnType
from service.exchange.exports.ocel import EVENT_TYPES, OBJECT_TYPES, ObjectHistory, Values
from service.exchange.exports.ocel_log import ObjectIndex, build
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

EVERY_LOG: Final = (
    "CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT)",
    "CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT)",
    "CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES event_map_type (ocel_type))",
    "CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES object_map_type (ocel_type))",
    """CREATE TABLE event_object (
        ocel_event_id TEXT REFERENCES event (ocel_id), ocel_object_id TEXT REFERENCES object (ocel_id),
        ocel_qualifier TEXT, PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier))""",
    """CREATE TABLE object_object (
        ocel_source_id TEXT REFERENCES object (ocel_id), ocel_target_id TEXT REFERENCES object (ocel_id),
        ocel_qualifier TEXT, PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier))""",
)
SQL_TYPES: Final = {
    ColumnType.STRING: "TEXT",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.FLOAT: "REAL",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.TIME: "TIMESTAMP",
}
OF_EVENT: Final = "ocel_id TEXT PRIMARY KEY REFERENCES event (ocel_id), ocel_time TIMESTAMP"
OF_OBJECT: Final = "ocel_id TEXT REFERENCES object (ocel_id), ocel_time TIMESTAMP, ocel_changed_field TEXT"


def write(log: VisibleLog, target: BinaryIO, path: Path) -> None:
    """Writes through a temporary database in the folder of `path`, on the file system of the result."""
    with database_beside(path) as (connection, file):
        connection.execute("BEGIN")
        sink = SqliteSink(connection)
        build(log, sink, ObjectIndex(connection))
        connection.execute("CREATE INDEX event_object_object ON event_object (ocel_object_id)")
        connection.execute("COMMIT")
        copy(file, target)


class SqliteSink:
    """Inserts rows as they arrive. Missing values are NULL."""

    def __init__(self, connection: Connection) -> None:
        self._execute = connection.execute
        self._insert = connection.executemany
        for statement in EVERY_LOG:
            self._execute(statement)
        self._make("event", OF_EVENT, EVENT_TYPES)
        self._make("object", OF_OBJECT, OBJECT_TYPES)

    def event(self, event: VisibleEvent, values: Values, relations: Iterable[tuple[str, str]]) -> None:
        key = str(event.position)
        self._execute("INSERT INTO event VALUES (?, ?)", (key, event.type))
        row = (key, iso_time(event.happened_at), *_row(EVENT_TYPES[event.type], values))
        self._execute(_insertion(f"event_{event.type}", len(row)), row)
        related = ((key, other, qualifier) for other, qualifier in dict.fromkeys(relations))
        self._insert("INSERT INTO event_object VALUES (?, ?, ?)", related)

    def object(self, id: str, type: str, through_time: ObjectHistory) -> None:
        self._execute("INSERT INTO object VALUES (?, ?)", (id, type))
        columns = OBJECT_TYPES[type]
        insertion = _insertion(f"object_{type}", 3 + len(columns))
        self._execute(insertion, (id, through_time.begins, None, *_row(columns, through_time.first)))
        changes = ((id, at, name, *_row(columns, {name: value})) for at, name, value in through_time.changes)
        self._insert(insertion, changes)
        links = ((id, other, qualifier) for other, qualifier in dict.fromkeys(through_time.links))
        self._insert("INSERT INTO object_object VALUES (?, ?, ?)", links)

    def _make(self, what: str, common: str, types: Mapping[str, tuple[Column, ...]]) -> None:
        """Creates one table per type, named after the type."""
        for name, columns in types.items():
            own = "".join(f', "{column.name}" {SQL_TYPES[column.kind]}' for column in columns)
            self._execute(f'CREATE TABLE "{what}_{name}" ({common}{own})')
            self._execute(f"INSERT INTO {what}_map_type VALUES (?, ?)", (name, name))  # noqa: S608


def _row(columns: tuple[Column, ...], values: Mapping[str, Any]) -> Iterator[Any]:
    return (values.get(column.name) for column in columns)


def _insertion(table: str, width: int) -> str:
    return f'INSERT INTO "{table}" VALUES ({", ".join("?" * width)})'  # noqa: S608
