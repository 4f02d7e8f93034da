"""What a bearer may not see occurs nowhere in the bytes of a file, and all that they may see does.

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
from tests.service.exchange.exports.bearers import BEARERS, TEXT, seen_by
from tests.service.exchange.exports.exporter import EVERY_FORM, Exporter, UniqueTexts, filled


@pytest.fixture(scope="module", params=[11, 12], ids="seed{}".format)
def register(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exporter]:
    folder = tmp_path_factory.mktemp("sight")
    with databases.fresh() as urls, filled(urls, folder, UniqueTexts(request.param), 250) as made:
        made.world.apply()
        yield made


every_bearer = pytest.mark.parametrize("bearer", BEARERS, ids=lambda bearer: bearer.authority)


@every_bearer
def test_nothing_unseen_is_in_any_file(register: Exporter, bearer: Actor) -> None:
    for as_of in (None, register.log[len(register.log) // 2].recorded_at):
        seen = seen_by(register, bearer, as_of)
        assert any(map(TEXT.fullmatch, seen.hidden))
        for form in EVERY_FORM:
            content = register.export(*form, actor=bearer, as_of=as_of).read_bytes()
            assert [text for text in seen.hidden if text.encode() in content] == [], form


@every_bearer
def test_all_that_is_seen_is_reported_as_the_audit_trail_shows_it(register: Exporter, bearer: Actor) -> None:
    seen = seen_by(register, bearer)
    lines = [json.loads(line) for line in register.export("jsonl", "jsonl", actor=bearer).read_bytes().splitlines()]
    assert [int(line["position"]) for line in lines] == list(seen.shown)
    for line in lines:
        shown = seen.shown[int(line["position"])]
        assert line["payload"] == shown.payload
        assert tuple(path for path in line["redactions"] if not path.startswith("consulted.")) == shown.redactions
    for form in (("cloudevents", "jsonl", False), ("csv", "csv", True)):
        content = register.export(*form, actor=bearer).read_bytes()
        assert [text for text in seen.texts if text.encode() not in content] == [], form


@every_bearer
def test_one_request_is_reported_by_itself_or_does_not_exist(register: Exporter, bearer: Actor) -> None:
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
            content = register.export(*form, actor=bearer, request=request.reference).read_bytes()
            assert [text for text in seen.hidden if text.encode() in content] == [], form
        content = register.export("xes", "xes", actor=bearer, request=request.reference).read_bytes()
        assert (content.count(b"<trace>"), content.count(b"<event>")) == (1, len(own))


@every_bearer
def test_a_history_is_that_of_the_audit_trail(register: Exporter, bearer: Actor) -> None:
    seen = seen_by(register, bearer)
    scope, eyes = register.scope(bearer)
    for stream in [*register.states(DEPLOYMENT_REQUEST), *register.states(INCIDENT)]:
        own = [each.position for each in register.log if each.stream == stream]
        assert eyes.of([stream])[stream].visible == (own[0] in seen.shown)
        if own[0] in seen.shown:
            steps = history(register.store, replace(scope, subject=stream), eyes)
            told = {step.entry.position: step.shown for step in steps}
            assert told == {position: seen.shown[position] for position in own if position in seen.shown}
