"""A decided request with an incident, and a RED one, as persons read them over plain HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until


@dataclass(frozen=True)
class World:
    """decided, secret: references of requests. incident: a reference. before: an instant before the decision."""

    register: ApiClient
    scene: Scenario
    decided: str
    decided_id: str
    secret: str
    incident: str
    before: str

    def get(self, who: Person | None, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Any:
        """The response. It includes the last command."""
        if path in ("/viewer", "/projections", "/access-log"):
            return self.raw(who, path, headers, **parameters)
        return self.raw(who, path, headers, atLeast=self.register.position, **parameters)

    def settle(self) -> None:
        """Waits until every view has the last command."""
        wanted = int(self.register.position)

        def positions() -> list[int]:
            return [int(each["position"]) for each in self.raw(self.scene.reviewer, "/projections").json()]

        until(lambda: min(positions()) >= wanted)

    def raw(self, who: Person | None, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Any:
        sent = {**self.register.headers(who), **(headers or {})}
        return self.register.client.get(f"/api{path}", params=parameters, headers=sent)


def world(register: ApiClient) -> World:
    scene = scenario(register)
    incident = scene.attributed()
    decided = scene.decided(incidents=[incident["id"]])
    history = "{ deploymentRequest(id: $id, atLeast: $at) { reference history { edges { node { recordedAt } } } } }"
    told: Answer = scene.ask(scene.reviewer, f"query ($id: ID!, $at: Position) {history}", id=decided["id"])
    request = told["deploymentRequest"]
    before = request["history"]["edges"][0]["node"]["recordedAt"]
    secret = scene.request(marking="RED", recipients=[scene.approver.subject])
    return World(
        register, scene, request["reference"], decided["id"], secret["reference"], incident["reference"], before
    )


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem, which has the form of RFC 9457."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body.keys() >= {"type", "title", "detail", "code"}
    return body
