"""Exports as strict readers take them, also of histories with several events at one instant or before 1970."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.vocabulary import SYSTEM
from service.exchange.exports.chosen_export import chosen
from service.exchange.exports.formats import carry_out
from service.exchange.visible_log.scope import scope_of
from service.exchange.visible_log.visibility import Visibility
from service.exchange.visible_log.visible_events import VisibleLog
from tests.databases import Databases
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.exporter import Exporter
from tests.service.exchange.exports.grammar import ocel_problems, xes_problems
from tests.service.exchange.importing.histories import ASKS, CLERK, FOUNDED, NOW, REVIEWS, WHY, asked, line, opened

EARLY = "1949-05-01T12:00:00Z"
HISTORIES = (
    *FOUNDED,
    asked("at-once"),
    line("at-once", "amendDeploymentRequest", "2017-03-01", ASKS, {"strength": 30, **WHY}),
    line("at-once", "amendDeploymentRequest", "2017-03-01", ASKS, {"strength": 20, **WHY}),
    line("at-once", "beginReview", "2017-03-02", REVIEWS, WHY),
    line("at-once", "amendDeploymentRequest", "2017-03-02", ASKS, {"strength": 10, **WHY}),
    line("early", "registerAuthority", EARLY, CLERK, {"code": "early", "name": "Early"}),
    line(
        "flood", "reportIncident", EARLY, {**ASKS, "roles": ["REQUESTER"]},
        {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "1949-04-01T12:00:00Z"},
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def exports(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with each form of a register that took the histories."""
    folder = tmp_path_factory.mktemp("strict")
    with databases.fresh() as urls, opened(urls.api) as register:
        register.takes(*HISTORIES)
        assert register.refused == []
        scope = scope_of(register.store, SYSTEM, NOW)
        for name, ending in (("ocel2", "json"), ("ocel2", "sqlite"), ("xes", "xes")):
            visibility = Visibility(register.store, SYSTEM, NOW, scope.present)
            carry_out(chosen(name, str(folder / f"log.{ending}"), False), VisibleLog(register.store, scope, visibility))
        yield folder


def test_a_log_of_cases_keeps_to_the_schema_of_the_standard(register: Exporter, exports: Path) -> None:
    assert xes_problems(register.export("xes", "xes")) == []
    assert xes_problems(exports / "log.xes") == []


def test_a_log_of_cases_names_its_standard_as_the_schema_has_it(exports: Path) -> None:
    head = (exports / "log.xes").read_text()[:2000]
    assert '<log xes.version="1849.2016"' in head
    assert 'classifier name="ActivityAndAuthority" keys="concept:name org:group"' in head


def test_an_object_has_one_value_for_an_attribute_at_an_instant(register: Exporter, exports: Path) -> None:
    assert ocel_problems(register.export("ocel2", "json")) == []
    assert ocel_problems(exports / "log.json") == []


def test_of_several_values_at_one_instant_the_last_counts(exports: Path) -> None:
    log = json.loads((exports / "log.json").read_bytes())
    [request] = [each for each in log["objects"] if each["type"] == "DeploymentRequest"]
    strengths = [(each["time"], each["value"]) for each in request["attributes"] if each["name"] == "strength"]
    assert strengths == [
        ("1970-01-01T00:00:00.000000Z", "40"),
        ("2017-03-01T12:00:00.000000Z", "20"),
        ("2017-03-02T12:00:00.000000Z", "10"),
    ]


def test_the_database_has_one_row_for_a_change_at_an_instant(exports: Path) -> None:
    with sqlite3.connect(exports / "log.sqlite") as database:
        rows = database.execute("SELECT ocel_id, ocel_time, ocel_changed_field FROM object_DeploymentRequest")
        assert [row for row, times in Counter(rows.fetchall()).items() if times > 1] == []


def test_an_object_from_before_1970_has_its_first_values_at_its_first_event(exports: Path) -> None:
    [flood] = [each for each in readers.ocel(exports / "log.json")["objects"] if each["type"] == "Incident"]
    assert {readers.at(each["time"]) for each in flood["attributes"]} == {readers.at(EARLY)}
    with sqlite3.connect(exports / "log.sqlite") as database:
        times = database.execute("SELECT ocel_time FROM object_Incident").fetchall()
    assert [readers.at(at) for (at,) in times] == [readers.at(EARLY)]
