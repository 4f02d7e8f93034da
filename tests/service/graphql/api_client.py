"""A client of the API. The API runs in this process: uvicorn and the followers in threads, on a real PostgreSQL."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from projections.catalogue import VIEWS
from projections.following.follower import follow, view_consumer
from projections.following.leadership import FollowerLimits
from projections.reading.view_status import LOCKS
from service.access.identity import ISSUER
from service.access.issuers import Issuer
from service.access.own_tokens import Tokens
from service.event_store.store import EventStore
from service.processes.api import create_app
from service.processes.http_server import DrainingServer, configured
from service.settings import DatabaseUrls, Settings
from tests.waiting import until

KEY = b"k" * 32
ALL = tuple(Role)
PATIENCE = 10.0
"""Seconds that a query waits for views that are followed."""

Answer = dict[str, Any]


@dataclass
class ApiClient:
    """position: of the last command that was carried out, so that queries can ask for its effect."""

    client: httpx.Client
    urls: DatabaseUrls
    position: str = "0"
    tokens: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def token(self, who: "Person") -> str:
        key = (who.subject, who.authority, who.roles)
        if key not in self.tokens:
            actor = Actor(
                issuer=ISSUER, subject=Subject(who.subject), authority=AuthorityCode(who.authority), roles=who.roles
            )
            lifetime = timedelta(hours=1)
            self.tokens[key] = Tokens(KEY).issue(actor, name=who.name, now=datetime.now(UTC), lifetime=lifetime)
        return self.tokens[key]

    def headers(self, who: "Person | None") -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(who)}"} if who else {}

    def post(self, who: "Person | None", document: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The response as it came."""
        body = json.dumps({"query": document, "variables": variables})
        headers = {"content-type": "application/json", **self.headers(who)}
        return self.client.post("/graphql", content=body, headers=headers)

    def ask(self, who: "Person", document: str, **variables: Any) -> Answer:
        """The data of the answer, which has no errors."""
        response = self.post(who, document, variables)
        answer: Answer = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer["errors"]
        data: Answer = answer["data"]
        return data

    def errors(self, who: "Person", document: str, **variables: Any) -> list[Answer]:
        response = self.post(who, document, variables)
        assert response.status_code < 500, response.text
        errors: list[Answer] = response.json()["errors"]
        return errors

    def command(self, who: "Person", mutation: str, kind: str, values: Mapping[str, Any], fields: str = "") -> Answer:
        """What a mutation answers: its subject's fields, or a refusal with __typename."""
        subject = next(word for word in ("deploymentRequest", "incident", "authority") if word in _subject_of(mutation))
        document = f"""
            mutation ($input: {kind}!) {{ {mutation}(input: $input) {{
                __typename
                ... on {subject[0].upper()}{subject[1:]}Recorded {{ position {subject} {{ id {fields} }} }}
                ... on InvalidInput {{ fields {{ path message }} }}
                ... on VersionConflict {{ expected actual }}
                ... on TransitionRefused {{ status available }}
                ... on Refusal {{ message }}
            }} }}"""
        answer: Answer = self.ask(who, document, input=dict(values))[mutation]
        if "position" in answer:
            self.position = answer["position"]
            return {"__typename": answer["__typename"], **answer[subject]}
        return answer


@dataclass(frozen=True)
class Person:
    subject: str
    authority: str
    roles: tuple[Role, ...] = ALL
    name: str | None = None


def _subject_of(mutation: str) -> str:
    if mutation in ("registerAuthority", "setAuditingAuthority") or mutation.endswith(("Mandate", "Deputy")):
        return "authority"
    of_incidents = ("recordEvidence", "retractAttribution", "answerReferral")
    if "Incident" in mutation or mutation.endswith("Correction") or mutation in of_incidents:
        return "incident"
    return "deploymentRequest"


@contextmanager
def served(
    urls: DatabaseUrls, *, follow: bool = True, issuers: Sequence[Issuer] = (), **other: Any
) -> Iterator[ApiClient]:
    """follow: whether the views are kept up to date; if not, queries hardly wait for them, unless `other` says
    otherwise. issuers: external ones. other: settings.

    No policies run.
    """
    defaults = {"view_timeout": PATIENCE if follow else 0.1, "cost_per_minute": 0}
    settings = Settings(database_url=urls.api, **{**defaults, **other})
    with ExitStack() as stack:
        if follow:
            stack.enter_context(followed(urls))
        url = stack.enter_context(_listening(create_app(settings, urls, Tokens(KEY), issuers)))
        yield ApiClient(stack.enter_context(httpx.Client(base_url=url, timeout=30)), urls)


@contextmanager
def _listening(app: FastAPI) -> Iterator[str]:
    server = DrainingServer(configured(app, port=0), app)
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


LEADING = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE datname = current_database() AND locktype = 'advisory' AND granted AND classid::bigint = %s"""


@contextmanager
def followed(urls: DatabaseUrls) -> Iterator[None]:
    """Keeps the views up to date. It starts when each view has a leader, so that queries wait for events only."""
    stop = threading.Event()
    with closing(EventStore(urls.worker)) as store:
        rest = (urls.worker, store.feed, stop, FollowerLimits(listen=0.2))
        followers = [threading.Thread(target=follow, args=(view_consumer(view), *rest)) for view in VIEWS]
        for follower in followers:
            follower.start()
        try:
            with psycopg.connect(urls.owner, autocommit=True) as connection:
                until(lambda: connection.execute(LEADING, [LOCKS]).fetchall() >= [(len(VIEWS),)], seconds=60)
            yield
        finally:
            stop.set()
            for follower in followers:
                follower.join()
