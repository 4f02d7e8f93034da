"""The audience that the views store and the domain's rule are two forms of one rule: they agree for every viewer."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role, Subject
from projections.views import audit_trail_queries, deployment_requests, incidents
from tests.databases import Databases
from tests.projections.chance import CODES, ISSUER
from tests.projections.histories import Histories
from tests.service.exchange.exports.exporter import Exporter, filled

VIEWERS = st.just(SYSTEM) | st.builds(
    Actor,
    issuer=st.sampled_from([ISSUER, "https://elsewhere.example"]),
    subject=st.sampled_from(["p1", "p2", "p3", "p4", 'p"3\\', "nobody"]).map(Subject),
    authority=st.sampled_from([*CODES, "nowhere"]).map(AuthorityCode),
    roles=st.sets(st.sampled_from(Role), min_size=1, max_size=3).map(lambda roles: tuple(sorted(roles))),
)


@pytest.fixture(scope="module")
def register(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    with ExitStack() as stack:
        urls = stack.enter_context(databases.fresh())
        made = stack.enter_context(filled(urls, tmp_path_factory.mktemp("audience"), Histories(21, markings=True), 250))
        made.world.apply()
        yield made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(viewer=VIEWERS)
def test_views_show_what_the_rule_allows(register: Exporter, viewer: Actor) -> None:
    reported = register.states(INCIDENT)
    subjects = [*register.states(DEPLOYMENT_REQUEST), *reported]
    pieces = [piece.id for incident in reported.values() for piece in incident.evidence]
    by_view = {
        state.id
        for by_ids in (deployment_requests.by_ids, incidents.by_ids)
        for state in register.world.ask(viewer, lambda scope, by_ids=by_ids: by_ids(scope, subjects))  # type: ignore[misc]
    }
    shown = set(register.world.ask(viewer, lambda scope: audit_trail_queries.seen(scope, [*reported, *pieces])))
    _, visibility = register.scope(viewer)
    by_rule = visibility.of(subjects)
    assert by_view == {subject for subject in subjects if by_rule[subject].visible}
    assert shown == {
        each
        for stream, incident in reported.items()
        if by_rule[stream].visible
        for each in (stream, *(piece.id for piece in incident.evidence if piece.id not in by_rule[stream].hidden))
    }
