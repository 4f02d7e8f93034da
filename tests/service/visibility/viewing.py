"""One viewer who reads a register in every way that the API has."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, get_nullable_type

from domain.vocabulary import Actor
from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.subscriptions.client import socket
from tests.service.visibility.whole_documents import MUTATIONS, QUERIES, SUBSCRIPTIONS, briefly, whole

NOWHERE: Final = "00000000-0000-4000-8000-000000000000"
AS_OF: Final = "asOf: $asOf"
PAGES: Final = "first: 100, after: $after"
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "deploymentRequests": ("first: 2, after: $after", f"first: 2, after: $after, {AS_OF}"),
    "incidents": ("first: 8, after: $after", f"first: 8, after: $after, {AS_OF}"),
    "inbox": ("first: 2, after: $after", f"first: 2, after: $after, {AS_OF}"),
    "auditTrail": (PAGES,),
    "accessLog": (PAGES,),
    "regions": (PAGES,),
    "authorities": ("first: 100",),
    "eventTypes": ("first: 100",),
    "webhookEndpoints": ("first: 100",),
    "mailSubscriptions": ("first: 100",),
    "recordedEvent": tuple(f"position: {position}" for position in range(1, 100, 4)),
    "deputies": ("first: 100",),
    "situation": ("first: 100", f"first: 100, {AS_OF}"),
    "projections": ("",),
    "viewer": ("",),
}
"""By root field: the arguments with which all of it is read. The pages are as long as the limit of cost allows."""
LOOKUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "node": ("id: $id",),
    "deploymentRequest": ("id: $id", "reference: $name", "id: $id, version: 1", f"id: $id, {AS_OF}"),
    "incident": ("id: $id", "reference: $name", f"id: $id, {AS_OF}"),
    "deploymentRequests": ("first: 2, filter: {incident: $id}", "first: 2, filter: {text: $name}"),
    "auditTrail": ("filter: {subject: $id}",),
    "authority": ("code: $name",),
    "region": ("path: $name",),
}
"""By root field: the arguments that name a subject, by its id or its reference."""
SEARCHES: Final = ("auditTrail(first: 1, filter: {actor: %s})", "deploymentRequests(first: 1, filter: {text: %s})")
TYPES: Final = {"after": "String", "asOf": "DateTime", "id": "ID!", "name": "String!"}
SAMPLES: Final = {
    "fromVersion": "1",
    "path": "xk",
    "authority": "alpha",
    "url": "https://receiver.example/",
    "address": "a@b.example",
}
"""Of parameters and inputs, by name."""
CHANGED: Final = "deploymentRequestChanged"
FILES: Final = "/api/openapi.json"
PRINTED: Final = ".pdf"
"""Compressed, of the same material as HTML."""


@dataclass
class Viewing:
    """as_of: an instant in the past. said: each answer, by the way to it. shown: the fields with a value, as
    'Type.field'."""

    register: ApiClient
    actor: Actor
    as_of: str
    said: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    @property
    def person(self) -> Person:
        return Person(self.actor.subject, self.actor.authority, self.actor.roles)

    def ask(self, call: str, selection: str, **values: str | None) -> Any:
        names = [name for name in TYPES if f"${name}" in call]
        declared = f"({', '.join(f'${name}: {TYPES[name]}' for name in names)})" if names else ""
        given = {name: {**values, "asOf": self.as_of}.get(name) for name in names}
        answer = self.register.ask(self.person, f"query {declared} {{ it: {call} {selection} }}", **given)
        return self.noted(call, answer["it"])

    def noted(self, way: str, value: Any) -> Any:
        self.said[way] = self.said.get(way, "") + json.dumps(value)
        self._note_shown(value)
        return value

    def _note_shown(self, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._note_shown(each)
        elif isinstance(value, dict) and "__typename" in value:
            self.shown.update(f"{value['__typename']}.{name}" for name, each in value.items() if each not in (None, []))
            for each in value.values():
                self._note_shown(each)

    def read_lists(self) -> None:
        for name, ways in LISTS.items():
            for arguments in ways:
                after, more = None, True
                while more:
                    page = self.ask(f"{name}({arguments})" if arguments else name, whole(QUERIES[name]), after=after)
                    more = isinstance(page, dict) and page.get("pageInfo", {}).get("hasNextPage", False)
                    after = page["pageInfo"]["endCursor"] if more else None

    def look_up(self, id: str, name: str, *, entirely: bool = False) -> list[Any]:
        """What is found of a subject. entirely: with everything below it."""
        return [
            self.ask(f"{root}({arguments})", (whole if entirely else briefly)(QUERIES[root]), id=id, name=name)
            for root, ways in LOOKUPS.items()
            for arguments in ways
        ]

    def search(self, texts: Collection[str]) -> list[str]:
        """Those of at most 100 texts by which something is found."""
        found = []
        for search in SEARCHES:
            calls = [f"a{n}: {search % json.dumps(text)} {{ edges {{ cursor }} }}" for n, text in enumerate(texts)]
            answer = self.register.ask(self.person, f"{{ {' '.join(calls)} }}")
            found += [text for page, text in zip(answer.values(), texts, strict=True) if page["edges"]]
        return found

    def read_files(self, references: Mapping[str, Collection[str]]) -> None:
        """Every path over plain HTTP. references: by the part of the path before them."""
        for path, described in self._paths().items():
            names = references.get(path.split("/")[2], ()) if "{reference}" in path else ("",)
            for name in names if PRINTED not in path else ():
                for media in described["get"]["responses"]["200"]["content"]:
                    for query in self._queries(path, described):
                        response = self._get(path, name, query, media)
                        assert response.status_code == 200, (path, query, response.text)
                        self.said[f"{path} {name} {query} {media}"] = response.content.decode(errors="replace")

    def files_of(self, reference: str) -> dict[str, tuple[int, str]]:
        """Status and content of each path of a subject, and of each export of it."""
        found = {}
        for path, described in self._paths().items():
            is_export = any(each.get("name") == "request" for each in described["get"]["parameters"])
            if is_export or "{reference}" in path:
                query = {"request": reference} if is_export else self._queries(path, described)[0]
                response = self._get(path, reference, query, "*/*")
                found[path] = (response.status_code, response.text.replace(reference, "a reference"))
        return found

    def _paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = self.register.client.get(FILES).json()["paths"]
        return paths

    def _queries(self, path: str, described: Any) -> list[dict[str, str]]:
        parameters = {each["name"]: each for each in described["get"]["parameters"] if "name" in each}
        given = {name: SAMPLES[name] for name, each in parameters.items() if each.get("required") and name in SAMPLES}
        more = [{"events": "true"}] if "events" in parameters else []
        is_past = "asOf" in parameters and ("{reference}" in path or "/export/" in path)
        return [given, *more, *([{**given, "asOf": self.as_of}] if is_past else [])]

    def _get(self, path: str, reference: str, query: Mapping[str, str], media: str) -> Any:
        place = path.replace("{reference}", quote(reference)).replace("{position}", "1")
        headers = {**self.register.headers(self.person), "accept": media}
        return self.register.client.get(place, params=query, headers=headers)

    def subscribe(self, number: int, requests: Collection[str]) -> None:
        """number: of the events that the viewer may see. requests: ids of those that they may see."""
        with socket(self.register, greeted=self.person) as client:
            events = f"eventsRecorded(after: 0) {whole(SUBSCRIPTIONS['eventsRecorded'])}"
            client.subscribe("1", f"subscription {{ {events} }}")
            for _ in range(number):
                self.noted("eventsRecorded", client.data("1")["eventsRecorded"])
            client.send("complete", id="1")
            for request in requests:
                changed = (
                    f'deploymentRequestChanged(id: "{request}") {whole(SUBSCRIPTIONS["deploymentRequestChanged"])}'
                )
                client.subscribe(request, f"subscription {{ {changed} }}")
                self.noted("deploymentRequestChanged", client.data(request)["deploymentRequestChanged"])
                client.send("complete", id=request)
            changed = whole(SUBSCRIPTIONS["inboxChanged"], in_node=True)  # all of it costs more than is allowed
            client.subscribe("inbox", f"subscription {{ inboxChanged {changed} }}")
            self.noted("inboxChanged", client.data("inbox")["inboxChanged"])

    def subscription_errors(self, id: str) -> list[Answer]:
        with socket(self.register, greeted=self.person) as client:
            client.subscribe("1", f'subscription {{ {CHANGED}(id: "{id}") {{ id }} }}')
            return client.errors("1")

    def commands_on(self, id: str) -> dict[str, Any]:
        """The answer to each command on a subject, by the name of the mutation."""
        found = {}
        for name, mutation in MUTATIONS.items():
            kind = mutation.args["input"].type.of_type if "input" in mutation.args else None
            subject = next((each for each in ("id", "incident") if kind and each in kind.fields), None)
            if kind is not None and subject is not None:
                answered = "__typename ... on Refusal { message }"
                document = f"mutation ($input: {kind}!) {{ it: {name}(input: $input) {{ {answered} }} }}"
                answer = self.register.ask(self.person, document, input={**_sample(kind), subject: id})
                found[name] = json.loads(json.dumps(answer["it"]).replace(id, NOWHERE))
        return found


def _sample(kind: GraphQLInputObjectType) -> dict[str, Any]:
    """With what is required, and every number, enum and instant."""
    found = {}
    for name, each in kind.fields.items():
        of = get_nullable_type(each.type)
        if of is not each.type or isinstance(of, GraphQLEnumType) or getattr(of, "name", "") in ("Int", "DateTime"):
            found[name] = SAMPLES.get(name) or _value(of)
    return found


def _value(kind: Any) -> Any:
    if isinstance(kind, GraphQLList):
        return [_value(get_nullable_type(kind.of_type))]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return _sample(kind)
    return {"Int": 1, "Boolean": True, "DateTime": "2035-01-01T00:00:00Z"}.get(kind.name, "EXERCISE")
