"""Clients that follow the recorded events through faults, and the events that they should have received."""

import random
from collections.abc import Iterator
from threading import Event
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.subscriptions.client import data, socket, stream
from tests.waiting import until

FIELDS = "position type version payload redactions actor { subject } subject { id }"
EVENTS = f"""subscription ($after: Position, $types: [String!]) {{
    eventsRecorded(after: $after, types: $types) {{ {FIELDS} }} }}"""
TRAIL = f"""query ($after: String, $filter: AuditFilter) {{ auditTrail(first: 100, after: $after, filter: $filter) {{
    pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {FIELDS} }} }} }} }}"""
CAUGHT_UP = "query ($at: Position) { auditTrail(first: 1, atLeast: $at) { edges { cursor } } }"
PASSING = (WebSocketException, httpx.HTTPError, OSError, AssertionError)
"""What a client meets where a server goes; AssertionError is that a socket was closed without a word."""


class Following:
    """A client that subscribes, disconnects at random, and resumes where it was."""

    def __init__(
        self, register: ApiClient, who: Person, way: str, types: list[str] | None, stop: Event, most: int = 400
    ) -> None:
        """most: events that it takes before it goes."""
        self.who = who
        self.name = f"{way} {who.subject}"
        self._register = register
        self._events = getattr(self, f"_over_{way}")
        self._stop = stop
        self._chance = random.Random(self.name)
        self._most = most
        self.types = types
        self.found: list[Answer] = []
        self.connections = 0

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow(self._chance.randint(1, self._most))
            except PASSING:
                self._stop.wait(0.1)

    def _follow(self, most: int) -> None:
        variables = {"after": self.found[-1]["position"] if self.found else "0", "types": self.types}
        for event in self._events(variables):
            self.found.append(event)
            most -= 1
            if not most or self._stop.is_set():
                return

    def _over_socket(self, variables: dict[str, Any]) -> Iterator[Answer]:
        with socket(self._register, greeted=self.who) as client:
            self.connections += 1
            client.subscribe("1", EVENTS, **variables)
            for message in client.messages(self._stop):
                yield data(message, "1")["eventsRecorded"]

    def _over_stream(self, variables: dict[str, Any]) -> Iterator[Answer]:
        with stream(self._register, self.who, EVENTS, variables) as client:
            self.connections += 1
            for name, body in client.events():
                assert name == "next"
                assert body is not None
                yield body["data"]["eventsRecorded"]


def trail(register: ApiClient, follower: Following) -> list[Answer]:
    found: list[Answer] = []
    cursor, more = None, True
    while more:
        answer = answered(register, follower.who, after=cursor, filter={"type": follower.types})
        found += [edge["node"] for edge in answer["edges"]]
        cursor, more = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
    return found


def answered(register: ApiClient, who: Person, **variables: Any) -> Answer:
    """A page of the trail."""
    page: Answer = asked_until_answered(register, who, TRAIL, variables)["auditTrail"]
    return page


def caught_up(register: ApiClient, who: Person, position: int) -> None:
    """Waits until the trail shows what is recorded up to this position."""
    asked_until_answered(register, who, CAUGHT_UP, {"at": str(position)})


def asked_until_answered(register: ApiClient, who: Person, document: str, variables: dict[str, Any]) -> Answer:
    """The data. A busy machine may not answer in time, or its views may be behind: it says so, and is asked again."""
    found: list[Answer] = []

    def has_answered() -> bool:
        response = register.post(who, document, variables)
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        if response.status_code == 503 or codes == {"VIEW_BEHIND"}:
            return False
        assert not codes, answer
        found.append(answer["data"])
        return True

    until(has_answered, seconds=60)
    return found[0]


def have(followers: list[Following], wanted: list[int]) -> bool:
    return all(len(each.found) >= number for each, number in zip(followers, wanted, strict=True))
