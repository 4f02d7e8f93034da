"""Clients that send random commands over HTTP, each until it is answered, whatever is killed meanwhile."""

import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from domain.vocabulary import Role
from tests.faults.deciding import ASKER, DECIDER, PLACE
from tests.service.graphql.api_client import ApiClient, Person
from tests.soak.ledger import Answer, Ledger, Sent

TRIES = 400
"""How often a command with a key is sent again."""
PAUSE = 0.3
"""Seconds before it is sent again, and before the next command of a client."""
REQUESTER = (Role.REQUESTER, Role.INVESTIGATOR)
DECIDERS = (Role.REVIEWER, Role.APPROVER, Role.INVESTIGATOR)

DOCUMENT = """mutation ($input: %s!) { %s(input: $input) { __typename
  ... on %s { position events { position type } %s } ... on Refusal { message } } }"""
REQUEST = ("DeploymentRequestRecorded", "deploymentRequest { id status }")
INCIDENT = ("IncidentRecorded", "incident { id }")


class Client:
    """One person, who sends a command after the other until `stop` is set."""

    def __init__(
        self, number: int, urls: list[str], register: ApiClient, ledger: Ledger, stop: threading.Event
    ) -> None:
        self._name = f"client{number}"
        self._chance = random.Random(self._name)
        self._urls = urls
        self._ledger = ledger
        self._stop = stop
        asks = number % 2 == 0
        person = Person(self._name, ASKER if asks else DECIDER, REQUESTER if asks else DECIDERS)
        self._headers = {**register.headers(person), "content-type": "application/json"}
        self._does = [self._submit, self._report, self._remark, self._remark] if asks else [self._decide, self._remark]
        self._number = 0

    def run(self) -> None:
        with httpx.Client(timeout=20) as http:
            while not self._stop.wait(self._chance.uniform(0, PAUSE)):
                self._chance.choice(self._does)(http)

    def _submit(self, http: httpx.Client) -> None:
        now = datetime.now(UTC)
        period = {"start": (now + timedelta(days=1)).isoformat(), "end": (now + timedelta(days=90)).isoformat()}
        values = {"force": "Exercise Force", "strength": 60, "region": PLACE, "period": period, "marking": "CLEAR"}
        incidents = self._chance.sample(self._ledger.incidents, min(1, len(self._ledger.incidents)))
        self._send(
            http,
            "submitDeploymentRequest",
            "SubmitDeploymentRequestInput",
            "purpose",
            {**values, "incidents": incidents},
        )

    def _report(self, http: httpx.Client) -> None:
        values = {"kind": "explosion", "region": PLACE, "occurredAt": "2024-11-29T00:00:00Z", "marking": "CLEAR"}
        self._send(http, "reportIncident", "ReportIncidentInput", "description", values)

    def _remark(self, http: httpx.Client) -> None:
        if self._ledger.requests:
            values = {"id": self._chance.choice(self._ledger.requests)}
            kind = "RemarkOnDeploymentRequestInput"
            self._send(http, "remarkOnDeploymentRequest", kind, "reason", values)

    def _decide(self, http: httpx.Client) -> None:
        if not self._ledger.requests:
            return
        values: dict[str, Any] = {"id": self._chance.choice(self._ledger.requests[-30:])}
        mutation = self._chance.choice(["beginReview", "endorse", "approve", "withhold", "resumeReview"])
        match mutation:
            case "endorse":
                values["recommendation"] = "APPROVE"
                names = ("endorseDeploymentRequest", "EndorseDeploymentRequestInput")
            case "approve":
                names = ("approveDeploymentRequest", "ApproveDeploymentRequestInput")
            case "withhold" if self._ledger.incidents:
                values["awaiting"] = [self._chance.choice(self._ledger.incidents)]
                names = ("withholdDeploymentRequest", "WithholdDeploymentRequestInput")
            case "resumeReview":
                names = ("resumeReview", "DeploymentRequestCommandInput")
            case _:
                names = ("beginReview", "DeploymentRequestCommandInput")
        self._send(http, *names, "reason", values)

    def _send(self, http: httpx.Client, mutation: str, kind: str, marked: str, values: Mapping[str, Any]) -> None:
        """One command in five has no key: it is sent once, and may be left unanswered."""
        self._number += 1
        mark = f"soak {self._name} {self._number}"
        has_key = self._chance.random() < 0.8
        values = {**values, marked: mark, **({"idempotencyKey": mark} if has_key else {})}
        shown = INCIDENT if mutation == "reportIncident" else REQUEST
        body = {"query": DOCUMENT % (kind, mutation, *shown), "variables": {"input": values}}
        for _ in range(TRIES if has_key else 1):
            answer = self._answer(http, body, mutation)
            if answer is not None:
                self._ledger.add(self._sent(mark, answer))
                return
            self._stop.wait(PAUSE)
        self._ledger.add(Sent(mark, Answer.UNKNOWN))

    def _answer(self, http: httpx.Client, body: Mapping[str, Any], mutation: str) -> dict[str, Any] | None:
        """The payload of the mutation; None where the answer is lost, or says that the outcome is not known."""
        try:
            response = http.post(self._chance.choice(self._urls) + "/graphql", json=body, headers=self._headers)
            answer = response.json()
        except (httpx.HTTPError, ValueError):
            return None
        for error in answer.get("errors", ()):
            assert error.get("extensions", {}).get("code") != "BAD_USER_INPUT", error
            if error.get("extensions", {}).get("recorded") is True and "position" in error["extensions"]:
                return {"position": error["extensions"]["position"]}
        found = (answer.get("data") or {}).get(mutation)
        return dict(found) if found is not None else None

    def _sent(self, mark: str, answer: Mapping[str, Any]) -> Sent:
        if "position" not in answer:
            return Sent(mark, Answer.REFUSED)
        for subject, known in (
            ("deploymentRequest", self._ledger.requests),
            ("incident", self._ledger.incidents),
        ):
            if (shown := answer.get(subject)) and shown["id"] not in known:
                known.append(shown["id"])
        return Sent(mark, Answer.RECORDED, int(answer["position"]))
