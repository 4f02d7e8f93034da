"""Single things by what names them: now, as of then, at a version, and only for those who may see them."""

from functools import partial

import pytest

from domain import authority, jurisdiction
from domain.authority import Authority
from domain.catalogue import DEPLOYMENT_REQUEST, fold
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import disclosed_to
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.vocabulary import SYSTEM, AuthorityCode
from projections.reading import person_names
from projections.reading.person_names import PersonName
from projections.views import authorities, deployment_requests, incidents
from tests.projections.chance import CODES, ISSUER, REGIONS, START
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model
from tests.projections.world import World


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Histories(31, markings=True)
    shared_world.append([histories.opening(), *histories.items(250)])
    shared_world.apply()
    return shared_world


def test_requests_by_id_reference_and_version(recorded: World) -> None:
    model = Model(recorded.log())
    instant = model.log[120].recorded_at
    everything = model.seen(SYSTEM, DeploymentRequest)
    by_ids = partial(deployment_requests.by_ids, ids=[state.id for state in everything])
    by_references = partial(deployment_requests.by_references, references=[state.reference for state in everything])
    for who in ACTORS:
        for moment in (None, instant):
            expected = {state.id: state for state in model.seen(who, DeploymentRequest, moment)}
            for found in recorded.ask_all(who, [by_ids, by_references], as_of=moment):
                assert {state.id: state for state in found} == expected


def test_requests_at_their_versions(recorded: World) -> None:
    model = Model(recorded.log())
    pairs = [(each.stream, each.version) for each in model.log]
    for who in ACTORS:
        seen = {state.id for state in model.seen(who, DeploymentRequest)}
        found = recorded.ask(who, partial(deployment_requests.at_versions, pairs=pairs))
        versions = [(state.id, state.version) for _, state in found]
        assert sorted(versions) == sorted(pair for pair in pairs if pair[0] in seen)
        for position, state in found[:5]:
            assert [position] == [
                each.position for each in model.log if (each.stream, each.version) == (state.id, state.version)
            ]
            history = [each for each in model.log if each.stream == state.id][: state.version]
            assert disclosed_to(model.viewer(who), fold(DEPLOYMENT_REQUEST, history)) == state


def test_incidents_by_id(recorded: World) -> None:
    model = Model(recorded.log())
    everything = model.seen(SYSTEM, Incident)
    for who in ACTORS:
        expected = {state.id: state for state in model.seen(who, Incident)}
        by_id = recorded.ask(who, partial(incidents.by_ids, ids=[state.id for state in everything]))
        assert {state.id: state for state in by_id} == expected


def test_requests_that_rest_on_incidents(recorded: World) -> None:
    model = Model(recorded.log())
    wanted = {state.id for state in model.seen(SYSTEM, Incident)[:3]}
    found = recorded.ask(SYSTEM, partial(deployment_requests.resting_on, incident_ids=wanted))
    resting = [state for state in model.seen(SYSTEM, DeploymentRequest) if wanted & set(state.incidents)]
    assert found == sorted(resting, key=lambda state: (state.submitted_at, state.id))
    assert found


def test_authorities_and_what_they_hold(recorded: World) -> None:
    model = Model(recorded.log())
    registered = [state for state in model.now.values() if isinstance(state, Authority)]
    held = [state for state in model.now.values() if isinstance(state, Jurisdiction)]
    assert recorded.ask(SYSTEM, authorities.every) == sorted(registered, key=lambda state: state.code)
    code = CODES[0]
    assert recorded.ask(SYSTEM, partial(authorities.by_codes, codes=[code, "nobody"])) == [
        state for state in registered if state.code == code
    ]
    streams = [authority.stream_of(code), *map(jurisdiction.stream_of, REGIONS)]
    assert recorded.ask(SYSTEM, partial(authorities.by_ids, ids=streams)) == [
        state for state in registered if state.code == code
    ]
    by_id = recorded.ask(SYSTEM, partial(authorities.jurisdictions_by_ids, ids=streams))
    assert sorted(by_id, key=lambda s: s.region) == sorted(held, key=lambda s: s.region)
    own = recorded.ask(SYSTEM, partial(authorities.jurisdictions_of, codes=[code]))
    mandates = [mandate for state in held for mandate in state.mandates if mandate.authority == code]
    assert list(authorities.mandates_of(code, own)) == sorted(mandates, key=lambda mandate: mandate.granted_at)
    assert authorities.holder(code, None, own).mandates == authorities.mandates_of(code, own)
    assert authorities.mandates_of(AuthorityCode("nobody"), own) == ()


def test_names_of_people(recorded: World) -> None:
    recorded.store.record_person_name(ISSUER, "p1", "Ana", START)
    recorded.store.record_person_name("elsewhere", "p1", "Another", START)
    asked = [(ISSUER, "p1"), (ISSUER, "p2")]
    assert recorded.ask(SYSTEM, lambda _: person_names.names(asked)) == [PersonName(ISSUER, "p1", "Ana")]
    assert recorded.ask(SYSTEM, lambda _: person_names.names([])) == []
