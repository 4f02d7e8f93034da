"""Nobody reads what the rules hide from them, in any field of any answer; and everybody reads the rest.

The fields are those of the schema and the paths those of the OpenAPI description: a new one is asked for without
further ado.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import Actor, Role
from service.event_store.store import EventStore
from tests.databases import Databases
from tests.projections.model import Model, actor
from tests.projections.world import World
from tests.service.graphql.api_client import ApiClient, served
from tests.service.graphql.unfiltered import remove_filters
from tests.service.visibility import secrets
from tests.service.visibility.secrets import SECRET, Secrets
from tests.service.visibility.viewing import LISTS, LOOKUPS, NOWHERE, PAGES, Viewing
from tests.service.visibility.whole_documents import QUERIES, SCHEMA, SUBSCRIPTIONS, reached

EXAMPLES: Final = int(os.environ.get("TEST_SECRETS", "0"))
"""Random registers, besides one."""
PHASES: Final = (Phase.reuse, Phase.generate) if EXAMPLES else ()
ITEMS: Final = 100
RICH: Final = 73
"""A register in which nearly every field has a value. Not all who see its holds and assignments may know of whom."""
NOBODYS: Final = "nowhere-2024-0001"
VIEWERS: Final = (
    actor("p1", "alpha", *Role),
    actor("p2", "bravo", Role.REVIEWER),
    actor("p3", "carol", Role.AUDITOR),
    actor("p4", "delta", Role.OBSERVER),
    actor("p5", "bravo", Role.AUDITOR),
    actor("p9", "nowhere", *Role),
)
"""p2 to p4 are named as recipients; carol audits everything; nowhere is not registered."""
ASKING_FOR_ALL: Final = (VIEWERS[1], VIEWERS[3])
"""They ask the database alone for each subject, too."""
ALONE: Final = VIEWERS if EXAMPLES else (VIEWERS[1], VIEWERS[3], VIEWERS[5])
"""They ask the database alone. `make test-long`: all."""
UNSHOWN: Final = {
    *("InboxChange.came", "InboxChange.went"),
    *("Actor.name", "Evidence.sha256", "Region.parent", "WebhookEndpoint.publicKey"),
    *("ProjectionStatus.lastError", "ProjectionStatus.lastRebuild", "ProjectionStatus.rebuild"),
    *reached({"": SCHEMA.type_map["ProjectionStatus"].fields["rebuild"]}),
    *reached({"": SCHEMA.type_map["ProjectionStatus"].fields["lastRebuild"]}),
}
"""Fields that have no value there. Nothing is recorded while they are read, so no inbox changes."""


@dataclass(frozen=True)
class Planted:
    """A register in which each text occurs once."""

    register: ApiClient
    model: Model
    every: set[str]

    @property
    def past(self) -> datetime:
        return self.model.log[2 * len(self.model.log) // 3].recorded_at

    def viewing(self, who: Actor) -> Viewing:
        return Viewing(self.register, who, self.past.isoformat())

    def subjects(self, who: Actor, *, seen: bool) -> list[Any]:
        looks = self.model.viewer(who)
        every = (state for state in self.model.now.values() if isinstance(state, DeploymentRequest | Incident))
        return [state for state in every if looks.sees(state.audience) is seen]

    def hidden(self, who: Actor) -> list[str]:
        return sorted(self.every - secrets.readable(self.model, who))


@contextmanager
def planted(databases: Databases, seed: int) -> Iterator[Planted]:
    with (
        databases.fresh() as urls,
        closing(EventStore(urls.api)) as store,
        served(urls, follow=False, cost_per_minute=10**9) as register,
    ):
        world, histories = World(urls, store), Secrets(seed, markings=True)
        begun = [histories.opening(), histories.block(), histories.lent(), *histories.items(ITEMS)]
        world.append([*begun, *histories.extended(), *histories.found(), histories.endpoint()])
        world.apply()
        model = Model(world.log())
        yield Planted(register, model, secrets.all_of(model))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nobody_reads_what_is_hidden_from_them(databases: Databases) -> None:
    shown = set[str]()

    @settings(max_examples=EXAMPLES or 1, deadline=None, phases=[Phase.explicit, *PHASES])
    @given(seed=st.integers(0, 2**32 - 1))
    @example(seed=RICH)
    def law(seed: int) -> None:
        with planted(databases, seed) as world:
            for who in VIEWERS:
                viewing = world.viewing(who)
                read_everything(world, viewing)
                is_as_if_it_did_not_exist(world, viewing)
                assert leaks(viewing, world.hidden(who)) == {}
                readable = secrets.readable(world.model, who)
                assert [text for text in readable if not any(text in said for said in viewing.said.values())] == []
                shown.update(viewing.shown)
            with pytest.MonkeyPatch.context() as patch:
                remove_filters(patch)
                for who in ALONE:
                    alone = world.viewing(who)
                    alone.read_lists()
                    if who in ASKING_FOR_ALL:
                        look_up_everything(world, alone)
                    assert leaks(alone, world.hidden(who)) == {}, "row-level security alone"

    law()
    assert LISTS.keys() | LOOKUPS.keys() == QUERIES.keys()
    assert SUBSCRIPTIONS.keys() == {"eventsRecorded", "deploymentRequestChanged", "inboxChanged"}
    assert reached(QUERIES, SUBSCRIPTIONS) - shown - UNSHOWN == set()


def read_everything(world: Planted, viewing: Viewing) -> None:
    then = world.model.at(world.past)
    seen = [each for each in world.subjects(viewing.actor, seen=True) if each.id in then]
    requests, incidents = (
        [each for each in seen if isinstance(each, kind)][:1] for kind in (DeploymentRequest, Incident)
    )
    viewing.read_lists()
    for each in [*requests, *incidents]:
        viewing.look_up(str(each.id), each.reference, entirely=True)
    viewing.read_files({"requests": references(requests), "incidents": references(incidents)})
    events = viewing.said[f"auditTrail({PAGES})"].count('"cursor"')
    viewing.subscribe(events, [str(each.id) for each in requests])


def look_up_everything(world: Planted, viewing: Viewing) -> None:
    """The seen and the hidden subjects by id and reference, what is hidden in texts, and the subscriptions."""
    seen, unseen = (world.subjects(viewing.actor, seen=each) for each in (True, False))
    for each in (*seen, *unseen):
        viewing.look_up(str(each.id), each.reference)
    viewing.search([text for text in world.hidden(viewing.actor) if SECRET.fullmatch(text)][:50])
    events = viewing.said[f"auditTrail({PAGES})"].count('"cursor"')
    viewing.subscribe(events, [str(each.id) for each in seen if isinstance(each, DeploymentRequest)][:1])


def references(subjects: Sequence[Any]) -> list[str]:
    return [each.reference for each in subjects]


def is_as_if_it_did_not_exist(world: Planted, viewing: Viewing) -> None:
    """Whatever asks for, acts on or searches for what is hidden."""
    hidden = world.subjects(viewing.actor, seen=False)
    nothing = viewing.look_up(NOWHERE, NOBODYS)
    for each in hidden:
        assert viewing.look_up(str(each.id), each.reference) == nothing
    texts = [text for text in world.hidden(viewing.actor) if SECRET.fullmatch(text)]
    assert viewing.search(texts[:50]) == []
    for kind in (DeploymentRequest, Incident):
        each = next((state for state in hidden if isinstance(state, kind)), None)
        if each is None:
            continue
        assert viewing.files_of(each.reference) == viewing.files_of(NOBODYS)
        answers = viewing.commands_on(str(each.id))
        assert {name for name, answer in answers.items() if answer["__typename"] != "NotFound"} == set()
        assert answers == viewing.commands_on(NOWHERE)
        assert viewing.subscription_errors(str(each.id)) == viewing.subscription_errors(NOWHERE)


def leaks(viewing: Viewing, hidden: Collection[str]) -> dict[str, list[str]]:
    """The hidden strings in each answer. The access log has ids of what others may see, but nothing of it."""
    found = {
        way: [each for each in hidden if each in said and (SECRET.fullmatch(each) or not _is_access_log(way))]
        for way, said in viewing.said.items()
    }
    return {way: some for way, some in found.items() if some}


def _is_access_log(way: str) -> bool:
    return way.startswith(("accessLog", "/api/access-log"))
