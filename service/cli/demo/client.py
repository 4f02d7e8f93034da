"""A minimal client of the API: HTTP, a bearer token, GraphQL."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.access.own_tokens import Tokens

PATIENCE: Final = 60.0
RETRY_INTERVAL: Final = 0.2
"""Timeout for views that are behind, and the pause between two attempts, in seconds."""


class UnexpectedRefusal(Exception):
    """The register answered with a refusal or an error."""


@dataclass(frozen=True, slots=True)
class Client:
    """The API with one person's token. patience: seconds in which a query is repeated while its views are behind."""

    url: str
    token: str
    patience: float = PATIENCE

    def query(self, document: str, **variables: Any) -> Any:
        """The data of the answer. Raises UnexpectedRefusal with the server's message."""
        deadline = time.monotonic() + self.patience
        while errors := (answer := self._post(document, variables)).get("errors"):
            if not all(map(_is_behind, errors)) or time.monotonic() > deadline:
                raise UnexpectedRefusal("; ".join(error["message"] for error in errors))
            time.sleep(RETRY_INTERVAL)
        return answer["data"]

    def _post(self, document: str, variables: Mapping[str, Any]) -> Any:
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/graphql", data=body, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise UnexpectedRefusal(f"{error.code}: {error.read().decode(errors='replace')}") from None

    def command(self, mutation: str, input_type: str, subject: str, values: Mapping[str, Any]) -> Any:
        """Executes a command. Returns the subject's id and the position of its last event."""
        document = f"""
            mutation ($input: {input_type}!) {{
              {mutation}(input: $input) {{
                __typename
                ... on Refusal {{ message }}
                ... on {subject[0].upper()}{subject[1:]}Recorded {{ position {subject} {{ id }} }}
              }}
            }}"""
        answer = self.query(document, input=dict(values))[mutation]
        if "position" not in answer:
            raise UnexpectedRefusal(f"{mutation}: {answer['__typename']}: {answer['message']}")
        return answer


def _is_behind(error: Mapping[str, Any]) -> bool:
    """Whether the view will get there: not a parked subject."""
    return error["extensions"]["code"] == "VIEW_BEHIND" and "parkedAt" not in error["extensions"]


def people(url: str, key: bytes, roles: Mapping[str, tuple[str, str, tuple[Role, ...]]]) -> dict[str, Client]:
    """subject -> client, from subject -> (name, authority, roles)."""
    tokens = Tokens(key)
    now = datetime.now(UTC)
    return {
        subject: Client(
            url,
            tokens.issue(
                Actor(issuer=ISSUER, subject=Subject(subject), authority=AuthorityCode(authority), roles=held),
                name=name,
                now=now,
                lifetime=timedelta(hours=8),
            ),
        )
        for subject, (name, authority, held) in roles.items()
    }
