"""The audits of the package `graphql-http` (GraphQL over HTTP: MUST, SHOULD and MAY), where npm is available."""

import json
import subprocess
from pathlib import Path

from tests.node_packages import installed
from tests.service.graphql.api_client import ApiClient, Person

AUDITS = Path(__file__).parent / "audits"


def test_every_audit_passes(register: ApiClient, tmp_path: Path) -> None:
    folder = installed(AUDITS, tmp_path / "audits")
    url = f"{str(register.client.base_url).rstrip('/')}/graphql"
    command = ["node", "audit.mjs", url, register.token(Person("auditor", "somewhere"))]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    results = json.loads(answer.stdout)
    assert len(results) == 61
    assert [each for each in results if each["status"] != "ok"] == []
