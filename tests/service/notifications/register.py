"""A register with webhook endpoints: an API in this process, and workers in processes of their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from domain.vocabulary import Role
from service.access.mail_confirmation import MailConfirmation
from service.settings import DatabaseUrls
from tests import fork_server
from tests.fork_server import Forked
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.notifications.mailbox import Mailbox

KEY = b"w" * 32
ADMIN = Person("admin", "kfor", (Role.ADMINISTRATOR,))
CLERK = Person("clerk", "pristina", (Role.ADMINISTRATOR,))
REQUESTER = Person("requester", "pristina", (Role.REQUESTER,))
REVIEWER = Person("reviewer", "kfor", (Role.REVIEWER,))
INVESTIGATOR = Person("investigator", "kfor", (Role.INVESTIGATOR,))
SENDER = "register@mandate.example"
MAIL_RESULT = """{ __typename
    ... on MailSubscriptionRecorded { position subscription { id version status address roles types reason } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } }"""
RESULT = """{ __typename
    ... on WebhookEndpointRecorded { secret position endpoint { id version status publicKey url types document } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } }"""


@dataclass
class Register:
    """log: of its workers."""

    api: ApiClient
    urls: DatabaseUrls
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")},
            "MANDATE_DATABASE_URL": self.urls.api,
            "MANDATE_WORKER_DATABASE_URL": self.urls.worker,
            "MANDATE_WEBHOOK_KEY_FILE": str(self.folder / "webhook.key"),
            "MANDATE_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "MANDATE_REMINDER_INTERVAL": "0.5",
            **self.settings,
        }

    def start_worker(self) -> Forked:
        with self.log.open("ab") as output:
            return fork_server.start("service.cli", "worker", env=self.environment, stderr=output)

    @contextmanager
    def workers(self, number: int = 1) -> Iterator[list[Forked]]:
        started = [self.start_worker() for _ in range(number)]
        try:
            yield started
        finally:
            for each in started:
                each.kill()
                each.wait(10)

    def command(self, who: Person, mutation: str, kind: str = "WebhookEndpointInput", **values: Any) -> dict[str, Any]:
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {RESULT} }}"
        answer: dict[str, Any] = self.api.ask(who, document, input=values)[mutation]
        return answer

    def endpoint(self, url: str, by: Person = ADMIN, **values: Any) -> dict[str, Any]:
        """Registers an endpoint, and returns its fields with the secret."""
        wanted = {"name": "Receiver", "url": url, "roles": ["OBSERVER"], **values}
        done = self.command(by, "registerWebhookEndpoint", "RegisterWebhookEndpointInput", **wanted)
        assert done["__typename"] == "WebhookEndpointRecorded", done
        return {**done["endpoint"], "secret": done["secret"], "position": done["position"]}

    def mail(self, who: Person, mutation: str, kind: str = "MailSubscriptionInput", **values: Any) -> dict[str, Any]:
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {MAIL_RESULT} }}"
        answer: dict[str, Any] = self.api.ask(who, document, input=values)[mutation]
        return answer

    def sends_to(self, mailbox: Mailbox, **more: str) -> None:
        """Workers that start from now on hand their mails to it."""
        self.settings |= {
            "MANDATE_SMTP_HOST": mailbox.host,
            "MANDATE_SMTP_PORT": str(mailbox.port),
            "MANDATE_SMTP_SECURITY": "none",
            "MANDATE_SMTP_SENDER": SENDER,
            "MANDATE_SMTP_LINKS": "https://register.example/",
            **more,
        }

    def subscribe(self, who: Person, address: str, **values: Any) -> str:
        """The id of a new subscription, which waits for its code."""
        done = self.mail(who, "subscribeMail", "SubscribeMailInput", address=address, **values)
        assert done["__typename"] == "MailSubscriptionRecorded", done
        return str(done["subscription"]["id"])

    def confirm(self, who: Person, subscription: str, code: str | None = None) -> dict[str, Any]:
        """code: the right one, if left out."""
        right = MailConfirmation(KEY).code(UUID(subscription))
        kind = "ConfirmMailSubscriptionInput"
        return self.mail(who, "confirmMailSubscription", kind, id=subscription, code=code or right)

    def confirmed(self, who: Person, address: str, **values: Any) -> str:
        """The id of a new subscription that wants mails."""
        subscription = self.subscribe(who, address, **values)
        assert self.confirm(who, subscription)["subscription"]["status"] == "ENABLED"
        return subscription

    def submit(self, by: Person = REQUESTER, **values: Any) -> str:
        """The id of a new request."""
        start = datetime.now(UTC) + timedelta(days=30)
        terms = {
            "force": "KSF",
            "strength": 60,
            "region": "xk/north",
            "purpose": "EXERCISE",
            "period": {"start": start.isoformat(), "end": (start + timedelta(days=30)).isoformat()},
            **values,
        }
        done = self.api.command(by, "submitDeploymentRequest", "SubmitDeploymentRequestInput", terms)
        assert done["__typename"] == "DeploymentRequestRecorded", done
        return str(done["id"])

    def remark(self, request: str, text: str = "EXERCISE: a remark.", by: Person = REQUESTER) -> None:
        """Records one event."""
        done = self.api.command(
            by, "remarkOnDeploymentRequest", "RemarkOnDeploymentRequestInput", {"id": request, "reason": text}
        )
        assert done["__typename"] == "DeploymentRequestRecorded", done

    def rows(self, columns: str = "state, attempts, outcome, subject::text") -> list[tuple[Any, ...]]:
        """The queue, in its order."""
        with psycopg.connect(self.urls.owner) as connection:
            return connection.execute(f"SELECT {columns} FROM projections.deliveries ORDER BY id".encode()).fetchall()

    def states(self, request: str | None = None, endpoint: str | None = None) -> list[str]:
        found = self.rows("state, subject::text, endpoint::text")
        return [state for state, *of in found if request in (None, of[0]) and endpoint in (None, of[1])]

    def let_time_pass(self, hours: float = 48) -> None:
        """Whatever waits for a time is due, and claims of senders that are gone have ended."""
        with psycopg.connect(self.urls.owner) as connection:
            connection.execute(
                """UPDATE projections.deliveries SET due_at = due_at - make_interval(hours => %(hours)s),
                claimed_until = claimed_until - make_interval(hours => %(hours)s) WHERE state = 'PENDING'""",
                {"hours": int(hours)},
            )

    def queued(self, endpoint: str) -> int:
        return sum(found == UUID(endpoint) for (found,) in self.rows("endpoint"))


@contextmanager
def register(urls: DatabaseUrls, folder: Path, **settings: str) -> Iterator[Register]:
    """kfor decides on xk. settings: of workers."""
    (folder / "webhook.key").write_bytes(KEY)
    sending: dict[str, Any] = {
        "webhook_networks": "127.0.0.0/8, ::/16",
        "smtp_host": "127.0.0.1",
        "smtp_domains": "kfor.example, Pristina.example",
    }
    with served(urls, webhook_key_file=folder / "webhook.key", **sending) as api:
        for code, admin in (("kfor", ADMIN), ("pristina", CLERK)):
            api.command(admin, "registerAuthority", "RegisterAuthorityInput", {"code": code, "name": code.upper()})
        mandate = {"authority": "kfor", "region": "xk", "legalBasis": "UNSCR 1244"}
        api.command(ADMIN, "grantMandate", "GrantMandateInput", mandate)
        yield Register(api, urls, folder, settings)
