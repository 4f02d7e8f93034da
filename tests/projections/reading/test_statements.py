"""Statements of SQLAlchemy Core, as psycopg executes them."""

import gc
from typing import Any
from uuid import UUID

import pytest
from psycopg import connect
from sqlalchemy import ARRAY, Integer, Select, Text, Uuid, bindparam, column, func, literal, select, table

from projections.reading.statements import KEPT, Statements
from service.settings import DatabaseUrls

NUMBERS = table("numbers", column("number", Integer))
ODD = [
    "",
    " ",
    "NULL",
    "null",
    '"',
    "\\",
    "a,b",
    "{}",
    "{a}",
    "'",
    "é",
    "\U0001f600",
    'a"b\\c',
    "\t\n",
    "%",
    "%s",
    None,
]


def of(number: int) -> Select[Any]:
    return select(NUMBERS).where(NUMBERS.c.number == number).limit(number + 1)


def test_equal_statements_have_one_text_and_values_of_their_own() -> None:
    statements = Statements()
    first, second = statements.rendered(of(1), {}), statements.rendered(of(2), {})
    assert first.text is second.text
    assert sorted(first.values.values()) == [1, 2]
    assert sorted(second.values.values()) == [2, 3]


def test_named_values_replace_those_of_the_statement() -> None:
    statement = select(bindparam("known", 1, type_=Integer), literal("%"))
    text, parameters, _ = Statements().rendered(statement, {"known": 5, "other": 6})
    assert parameters["known"] == 5
    assert "other" not in parameters
    assert "%(known)s::INTEGER" in text


def test_few_rendered_statements_are_kept() -> None:
    statements = Statements()
    for number in range(2 * KEPT):
        statements.rendered(select(column(f"c{number}")), {})
    assert len(statements._compiled) == KEPT
    gc.collect()
    assert len(statements._rendered) <= KEPT + 1


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Text, ODD),
        (Text, []),
        (Text, None),
        (Uuid, [UUID(int=1), None, UUID(int=2**128 - 1)]),
        (Integer, [1, -2, None]),
    ],
)
def test_arrays_arrive_as_they_are(database_urls: DatabaseUrls, kind: Any, values: list[Any] | None) -> None:
    statement = select(bindparam("values", type_=ARRAY(kind)))
    text, parameters, _ = Statements().rendered(statement, {"values": values})
    with connect(database_urls.api) as connection:
        assert connection.execute(text.encode(), parameters).fetchone() == (values,)


def test_values_in_a_list_of_any_length_are_rendered_each_time(database_urls: DatabaseUrls) -> None:
    statements = Statements()
    with connect(database_urls.api) as connection:
        for many in (1, 3):
            chosen = select(func.unnest(literal([1, 2, 3, 4], ARRAY(Integer))).label("n")).subquery()
            wanted = select(chosen.c.n).where(chosen.c.n.in_(list(range(1, many + 1))))
            text, parameters, _ = statements.rendered(wanted, {})
            assert len(connection.execute(text.encode(), parameters).fetchall()) == many
