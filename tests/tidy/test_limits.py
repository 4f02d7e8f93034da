"""The page of limits states the limits of the code."""

import re

import pytest

from domain import limits, validation
from projections.reading import statement_slots
from service.exchange.dossier import document, material_reader, pdf_process, pdf_renderer
from service.exchange.importing import column_map, csv_reader, event_log, history_reader, ocel_reader, raw_line
from service.graphql.execution import (
    answer_meter,
    cost_model,
    field_charges,
    graphql_errors,
    person_quotas,
    query_cost,
    request,
)
from service.graphql.schema import arguments, context
from service.rest import file_services
from service.settings import Settings
from tests.tidy.repository import ROOT

PAGE = (ROOT / "docs/operations/limits.md").read_text()
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("body", (4, request.VALUES, request.DEEPEST)),
        ("concurrent requests per person", (person_quotas.REQUESTS,)),
        ("concurrent commands per person", (person_quotas.COMMANDS,)),
        ("concurrent commands per process", (context.AT_ONCE,)),
        ("responses of a person", (person_quotas.ANSWERS // MIB,)),
        ("concurrent statements per person", (statement_slots.STATEMENTS,)),
        ("length | 1", (query_cost.LENGTH, query_cost.LINES, query_cost.TOKENS)),
        ("a name", (query_cost.NAME,)),
        ("nesting of fields", (query_cost.DEPTH,)),
        ("selections of one set", (query_cost.SELECTIONS, query_cost.ALIASES)),
        ("comparisons", (query_cost.COMPARISONS,)),
        ("cost of the largest", (field_charges.COST, field_charges.AT_ONCE)),
        ("a page", (cost_model.LONGEST_PAGE, cost_model.PAGE)),
        ("a list in the variables", (query_cost.LONGEST_LIST,)),
        ("text of a filter", (arguments.LONGEST_WORDS,)),
        ("response |", (answer_meter.LONGEST // MIB,)),
        ("errors in a response", (graphql_errors.ERRORS, graphql_errors.MESSAGE)),
        ("items of one kind", (limits.ITEMS,)),
        ("all texts of one subject", (limits.TEXT_BYTES // 10**6,)),
        ("a text; a label", (validation.TEXT_LENGTH, validation.LABEL_LENGTH)),
        ("a list in a command", (validation.LIST_LENGTH,)),
        ("strength", (validation.GREATEST_STRENGTH, validation.GREATEST_QUORUM)),
        ("texts of a dossier |", (material_reader.MAX_TEXT // 10**6,)),
        ("texts of a dossier as PDF", (document.STRING, document.BREAK)),
        (
            "the process that renders",
            (
                pdf_process.PROCESSOR_TIME,
                int(pdf_renderer.TIME),
                pdf_process.MEMORY // MIB,
                pdf_process.LARGEST // MIB,
            ),
        ),
        ("dossiers that are rendered", (person_quotas.PDFS, file_services.PDFS)),
        ("a history in an import", (history_reader.MAX_LINES, history_reader.MAX_BYTES // MIB)),
        ("columns of a CSV file", (csv_reader.MOST_COLUMNS, column_map.LONGEST_PATH, column_map.MOST_PARTS)),
        (
            "events of an event log",
            (raw_line.LONGEST_LINE, event_log.MOST_EVENTS, ocel_reader.MOST_BYTES // MIB),
        ),
        ("a mapping", (column_map.LONGEST // 1024, column_map.LONGEST_LINE, column_map.MOST_LINES)),
    ],
)
def test_it_states_the_constants(row: str, values: tuple[int, ...]) -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| {row}")]
    for value in values:
        assert re.search(rf"(?<![0-9,]){value:,}(?![0-9,]*[0-9])", line), (row, value)


def test_it_states_the_defaults_of_settings() -> None:
    defaults = Settings()
    for line in PAGE.splitlines():
        for name in re.findall("`MANDATE_([A-Z_]+)`", line):
            value = getattr(defaults, name.lower())
            if line.startswith("|") and value != 86_400:
                assert re.search(rf"(?<![0-9,]){value:,.7g}(?![0-9])", line), (name, value)
