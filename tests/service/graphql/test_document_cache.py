"""Parsed documents and their plans are bounded by bytes, and what it takes to make them is charged to the sender."""

import asyncio

import pytest

from service.graphql.execution.document_cache import BYTES_PER_CHARACTER, MAX_DOCUMENTS, Document, DocumentCache
from service.graphql.execution.pace import SLICE, UNIT, Pace
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient, Person

ANA = Person("ana", "somewhere")


def test_documents_at_hand_are_bounded_by_bytes() -> None:
    async def run() -> int:
        reader, share = DocumentCache(schema), PersonQuota()
        for number in range(60):
            fields = " ".join(f"a{number}_{n}: subject" for n in range(90))
            await reader.read(f"{{ viewer {{ {fields} }} }} # {'x' * 7_000}", share)
        return reader.size

    assert 0 < asyncio.run(run()) <= MAX_DOCUMENTS


def test_plans_count_when_they_are_made(monkeypatch: pytest.MonkeyPatch, register: ApiClient) -> None:
    """A document that is sent once has its plan after it was cached."""
    caches: list[DocumentCache] = []
    keep = DocumentCache.keep

    def watched(cache: DocumentCache, text: str, document: Document) -> Document:
        caches.append(cache)
        return keep(cache, text, document)

    monkeypatch.setattr(DocumentCache, "keep", watched)
    text = "{ viewer { subject authority roles } } # plans"
    register.ask(ANA, text)
    cache = caches[0]
    found = cache._documents.get(text)
    assert found is not None
    assert found.plans is not None
    assert found.plans.size > 0
    assert cache._documents._entries[text][1] == len(text) * BYTES_PER_CHARACTER + found.plans.size


def test_a_plan_is_charged_to_the_sender_of_its_document(register: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much time of the processor as it takes."""
    spent: list[int] = []
    spend = Pace.spend

    def watched(pace: Pace, units: int) -> None:
        spent.append(units)
        spend(pace, units)

    monkeypatch.setattr(Pace, "spend", watched)
    fields = " ".join(f"a{n}: status" for n in range(45))
    incidents = f"incidents {{ {' '.join(f'b{n}: kind' for n in range(50))} }}"
    document = f"{{ deploymentRequests(first: 1) {{ edges {{ node {{ {fields} {incidents} }} }} }} }}"
    register.ask(ANA, document)
    first = max(spent)
    spent.clear()
    register.ask(ANA, document)
    assert first * UNIT > 0.001, "the compilation takes milliseconds"
    assert first > 2 * max(spent)
    assert pytest.approx(0.0025) == SLICE * UNIT
