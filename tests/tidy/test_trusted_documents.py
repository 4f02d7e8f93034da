"""The trusted documents: valid, named, compiled at start-up, and enough to do everything."""

import re

import pytest
from graphql import FieldNode, OperationDefinitionNode

from service.graphql.execution.field_charges import AT_ONCE, RULES
from service.graphql.execution.trusted_documents import TrustedDocuments, document_id, read_documents
from service.graphql.root import schema
from tests.tidy.repository import ROOT, files

TEXTS = read_documents()
TRUSTED = TrustedDocuments(schema, TEXTS)
EXAMPLE = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"


def test_the_folder_holds_documents_alone() -> None:
    paths = [path for path in files() if path.parent == ROOT / "documents"]
    assert {path.name for path in paths} == {f"{name}.graphql" for name in TEXTS}
    assert [name for name in TEXTS if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_is_valid_and_says_what_it_is_for(name: str) -> None:
    assert TRUSTED.find(name).errors == ()
    assert re.match(r"# \w.*\.\n(query|mutation|subscription) ", TEXTS[name])
    assert TRUSTED.find(document_id(TEXTS[name])) is TRUSTED.find(name)


@pytest.mark.parametrize("name", TEXTS)
def test_every_operation_is_compiled_at_the_start(name: str) -> None:
    document = TRUSTED.find(name)
    assert document.plans
    plans = document.plans._plans
    assert {key[0] for key in plans} == {operation.name for operation in document.operations}
    assert None not in plans.values()


@pytest.mark.parametrize("name", TEXTS)
def test_every_page_may_be_read_and_the_usual_one_waits_for_no_other(name: str) -> None:
    for operation in TRUSTED.find(name).operations:
        usual, longest = operation.cost(None), operation.cost({"first": 100})
        assert isinstance(usual, int)
        assert isinstance(longest, int)
        assert usual <= AT_ONCE


def test_what_costs_more_is_charged() -> None:
    [changes] = TRUSTED.find("deployment-request-changes").operations
    cost = changes.cost(None)
    assert isinstance(cost, int)
    assert cost > RULES


def test_operations_are_named_and_no_two_alike() -> None:
    names = [operation.name for name in TEXTS for operation in TRUSTED.find(name).operations]
    assert None not in names
    assert len(set(names)) == len(names)


def test_everything_can_be_done_with_trusted_documents() -> None:
    core = schema._schema
    roots = [kind for kind in (core.query_type, core.mutation_type, core.subscription_type) if kind]
    fields = {name for kind in roots for name in kind.fields}
    used = set()
    for name in TEXTS:
        node = TRUSTED.find(name).node
        assert node
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                used |= {each.name.value for each in definition.selection_set.selections if isinstance(each, FieldNode)}
    assert fields - used == {"node", "authority"}, "what is not read with another document needs one"


def test_the_page_names_every_document() -> None:
    page = (ROOT / "docs" / "trusted-documents.md").read_text()
    assert [name for name in TEXTS if f"`{name}`" not in page] == []


def test_an_id_is_made_as_in_the_draft() -> None:
    """The example of graphql-over-http, appendix A."""
    digest = "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"
    assert document_id(EXAMPLE) == f"sha256:{digest}"
