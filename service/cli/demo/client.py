"""A minimal client of the API: HTTP, a bearer token, GraphQL."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.identity import ISSUER, Tokens


class UnexpectedRefusal(Exception):
    """The register answered with a refusal or an error."""


@dataclass(frozen=True, slots=True)
class Client:
    """The API with one person's token."""

    url: str
    token: str

    def query(self, document: str, **variables: Any) -> Any:
        """The data of the answer. Raises UnexpectedRefusal with the server's message."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/graphql", data=body, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise UnexpectedRefusal(f"{error.code}: {error.read().decode(errors='replace')}") from None
        if answer.get("errors"):
            raise UnexpectedRefusal(json.dumps(answer["errors"]))
        return answer["data"]

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
