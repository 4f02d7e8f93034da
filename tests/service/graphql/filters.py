"""The filters of lists: values to ask for, and which states of the past each of them keeps."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import AttributionStatus, Incident
from tests.projections.chance import CODES, REGIONS, START
from tests.projections.model import in_regions
from tests.service.graphql.past import Past


class Field(NamedTuple):
    """values: what the API can be asked for. keeps: whether a state is what was asked for, as of then."""

    values: Callable[[Past], st.SearchStrategy[Any]]
    keeps: Callable[[Past, Any, Any], bool]


def some(values: Any) -> Callable[[Past], st.SearchStrategy[Any]]:
    return lambda past: st.lists(st.sampled_from(list(values)), max_size=3)


def moments(past: Past) -> st.SearchStrategy[Any]:
    """About when things happened: those that are imported, and those that are recorded as they happen."""
    recorded = st.sampled_from([recorded.recorded_at for recorded in past.model.log])
    return recorded | st.integers(-9000, 9000).map(lambda minutes: START + timedelta(minutes=minutes))


def incident_ids(past: Past) -> st.SearchStrategy[Any]:
    return st.sampled_from([NOWHERE, *(state.id for state in past.model.now.values() if isinstance(state, Incident))])


def has_words(past: Past, wanted: str, request: DeploymentRequest) -> bool:
    fields = (request.reference, request.force, str(request.purpose))
    return all(any(word in field.casefold() for field in fields) for word in wanted.casefold().split())


def is_questioned(request: DeploymentRequest) -> bool:
    return request.decision is not None and request.decision.is_questioned


NOWHERE = UUID(int=4 << 76)
WORDS = ("alpha", "2024-0", 'żandarmeria "b"', "because.", "\\ nord", "%", " ", "lines  two")
PLACES = (*REGIONS, "xk/nor", "nowhere")
REQUESTS: Mapping[str, Field] = {
    "status": Field(some(RequestStatus), lambda past, wanted, r: r.status in wanted),
    "requestingAuthority": Field(some(CODES), lambda past, wanted, r: r.requesting_authority in wanted),
    "decidingAuthority": Field(some(CODES), lambda past, wanted, r: r.deciding_authority in wanted),
    "region": Field(some(PLACES), lambda past, wanted, r: in_regions(r.region, wanted)),
    "incident": Field(incident_ids, lambda past, wanted, r: wanted in r.incidents and past.sees(wanted)),
    "overdue": Field(lambda past: st.booleans(), lambda past, wanted, r: r.is_overdue(past.instant) == wanted),
    "questioned": Field(lambda past: st.booleans(), lambda past, wanted, r: is_questioned(r) == wanted),
    "submittedFrom": Field(moments, lambda past, wanted, r: r.submitted_at >= wanted),
    "submittedUntil": Field(moments, lambda past, wanted, r: r.submitted_at < wanted),
    "text": Field(lambda past: st.sampled_from(WORDS), has_words),
}
INCIDENTS: Mapping[str, Field] = {
    "attributionStatus": Field(some(AttributionStatus), lambda past, wanted, i: i.status in wanted),
    "region": Field(some(PLACES), lambda past, wanted, i: in_regions(i.region, wanted)),
    "kind": Field(some(("explosion", "sabotage", "flood")), lambda past, wanted, i: i.kind in wanted),
    "occurredFrom": Field(moments, lambda past, wanted, i: i.occurred_at >= wanted),
    "occurredUntil": Field(moments, lambda past, wanted, i: i.occurred_at < wanted),
}


def kept(past: Past, fields: Mapping[str, Field], wanted: Mapping[str, Any], states: list[Any]) -> list[Any]:
    """The states that every field of a filter keeps."""
    return [s for s in states if all(fields[name].keeps(past, value, s) for name, value in wanted.items())]


@st.composite
def filters(draw: st.DrawFn, past: Past, fields: Mapping[str, Field]) -> list[dict[str, Any]]:
    """None, each field by itself, and several together."""
    together = draw(st.lists(st.sets(st.sampled_from(sorted(fields)), min_size=2, max_size=3), min_size=2, max_size=2))
    chosen: list[list[str]] = [[], *([name] for name in fields), *map(sorted, together)]
    return [_in_order({name: draw(fields[name].values(past)) for name in names}) for names in chosen]


def _in_order(wanted: dict[str, Any]) -> dict[str, Any]:
    """Without an end that does not lie after the beginning: the API refuses that."""
    ends = {f"{of}Until": wanted.get(f"{of}From") for of in ("submitted", "occurred")}
    return {name: each for name, each in wanted.items() if ends.get(name) is None or each > ends[name]}
