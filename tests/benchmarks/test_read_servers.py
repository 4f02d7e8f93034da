"""Servers are compared only if they answer the same, whatever the form of their answers."""

from benchmarks.read_servers import flat


def test_answers_are_compared_without_their_nesting() -> None:
    nested = {"item": {"id": "1", "authority": {"code": "kfor"}, "edges": [{"node": {"actor": {"subject": "ana"}}}]}}
    plain = {"item": {"id": "1", "authorityCode": "kfor", "edges": [{"node": {"actorSubject": "ana"}}]}}
    assert flat(nested) == flat(plain)


def test_instants_are_compared_in_any_form() -> None:
    assert flat({"recordedAt": "2026-01-01T00:00:00.5Z"}) == flat({"recordedAt": "2026-01-01T01:00:00.500000+01:00"})


def test_other_values_differ() -> None:
    assert flat({"a": {"b": [1]}}) != flat({"a": {"b": [2]}})
