"""A state as a document and back: exactly the same, whatever was written, left out or erased."""

import json
from dataclasses import replace

import pytest

from domain.incident.state import Incident
from domain.vocabulary import Location, Text
from projections.rows.api_terms import MandateHolder
from projections.tables.row_documents import encode, reader
from tests.domain.case import KFOR
from tests.projections.histories import Histories


def test_every_state_comes_back_as_it_was() -> None:
    histories = Histories(2)
    histories.opening()
    histories.items(300)
    for state in histories.states.values():
        assert reader(type(state))(encode(state)) == state
    assert reader(MandateHolder)(encode(MandateHolder(code=KFOR))) == MandateHolder(code=KFOR)


def test_a_text_is_a_string_and_one_that_was_never_written_is_null() -> None:
    state = incident()
    document = json.loads(encode(replace(state, description=Text("Ünïcødé\n"), location=None)))
    assert document["description"] == "Ünïcødé\n"
    assert document["location"] is None


def test_an_erased_text_is_distinguished_from_one_that_was_never_written() -> None:
    """A finding whose party was erased still names one; one that names none is inconclusive."""
    state = incident()
    erased = tuple(
        replace(each, finding=each.finding and replace(each.finding, responsible_party=Text(None)))
        for each in state.findings
    )
    back = reader(Incident)(encode(replace(state, description=Text(None), findings=erased)))
    assert back == replace(state, description=Text(None), findings=erased)
    assert back.attribution is not None
    assert back.attribution.is_conclusive


def test_a_malformed_document_is_refused() -> None:
    with pytest.raises(ValueError, match="missing required field"):
        reader(Location)("{}")


def incident() -> Incident:
    histories = Histories(4)
    histories.items(200)
    return next(each for each in histories.states.values() if isinstance(each, Incident) and each.attribution)
