"""All that a bearer may see is in the files, and of a single request nothing else. See also `tests/service/visibility`.

What they may see is asked of the audit trail, which finds it out in another way: by audiences that a view keeps.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.vocabulary import Actor
from service.exchange.visible_log.history import history
from service.exchange.visible_log.refused import ExportRefused
from tests.databases import Databases
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.bearers import BEARERS, seen_by
from tests.service.exchange.exports.exporter import EVERY_FORM, Exporter, UniqueTexts, filled


@pytest.fixture(scope="module")
def register(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    folder = tmp_path_factory.mktemp("sight")
    with databases.fresh() as urls, filled(urls, folder, UniqueTexts(11, markings=True), 250) as made:
        made.world.apply()
        yield made


every_bearer = pytest.mark.parametrize("bearer", BEARERS, ids=lambda bearer: bearer.authority)


@every_bearer
def test_visible_events_are_exported_as_the_audit_trail_shows_them(register: Exporter, bearer: Actor) -> None:
    seen = seen_by(register, bearer)
    lines = [json.loads(line) for line in register.export("jsonl", "jsonl", actor=bearer).read_bytes().splitlines()]
    assert [int(line["position"]) for line in lines] == list(seen.shown)
    for line in lines:
        shown = seen.shown[int(line["position"])]
        assert line["payload"] == shown.payload
        assert tuple(path for path in line["redactions"] if not path.startswith("consulted.")) == shown.redactions
    for form in (("cloudevents", "jsonl", False), ("csv", "csv", True), ("xlsx", "xlsx", False)):
        content = readers.content(register.export(*form, actor=bearer))
        assert [text for text in seen.texts if text.encode() not in content] == [], form


@every_bearer
def test_a_single_request_is_exported_alone_or_not_found(register: Exporter, bearer: Actor) -> None:
    seen = seen_by(register, bearer)
    for stream, request in list(register.states(DEPLOYMENT_REQUEST).items())[::6]:
        own = [each for each in register.log if each.stream == stream]
        if own[0].position not in seen.shown:
            with pytest.raises(
                ExportRefused, match=f"there is no deployment request '{request.reference}' that may be seen"
            ):
                register.export("jsonl", "jsonl", actor=bearer, request=request.reference)
            continue
        for form in EVERY_FORM:
            content = readers.content(register.export(*form, actor=bearer, request=request.reference))
            assert [text for text in seen.hidden if text.encode() in content] == [], form
        content = register.export("xes", "xes", actor=bearer, request=request.reference).read_bytes()
        assert (content.count(b"<trace>"), content.count(b"<event>")) == (1, len(own))


@every_bearer
def test_a_history_is_that_of_the_audit_trail(register: Exporter, bearer: Actor) -> None:
    seen = seen_by(register, bearer)
    scope, visibility = register.scope(bearer)
    for stream in [*register.states(DEPLOYMENT_REQUEST), *register.states(INCIDENT)]:
        own = [each.position for each in register.log if each.stream == stream]
        assert visibility.of([stream])[stream].visible == (own[0] in seen.shown)
        if own[0] in seen.shown:
            steps = history(register.store, replace(scope, subject=stream), visibility)
            by_position = {step.entry.position: step.shown for step in steps}
            assert by_position == {position: seen.shown[position] for position in own if position in seen.shown}
