"""What the log of `mandate serve` does not contain: query strings, which hold documents, variables and tokens."""

import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.serving import serve

MARK = "sekrit"


def test_query_strings_are_not_logged(tmp_path: Path) -> None:
    """Neither of requests that are answered, nor of those that are refused, in any way."""
    with serve(tmp_path, "--no-worker", ready="live") as served:
        token = served.token("ana", "desk", "auditor")
        documents = f"{{ {MARK}: viewer {{ subject }} }}", f"{{ {MARK}", f"{{ viewer {{ {MARK} }} }}"
        queries = [urllib.parse.urlencode({"query": document}) for document in documents]
        addresses = [f"/graphql?{query}" for query in queries]
        addresses += [f"/{place}?{MARK}=1" for place in ("", "none", "health/ready", "metrics")]
        addresses += [f"/graphql?documentId={MARK}", f"/graphql?query=%ff{MARK}", f"/graphql?variables={MARK}&query=x"]
        statuses = set()
        for address in addresses:
            for headers in ({}, {"Authorization": f"Bearer {token}"}):
                request = urllib.request.Request(served.url + address, headers=headers)
                try:
                    with urllib.request.urlopen(request, timeout=30) as response:
                        statuses.add(response.status)
                except urllib.error.HTTPError as error:
                    statuses.add(error.code)
        assert {200, 401, 404} <= statuses
        sockets = served.url.replace("http", "ws")
        with connect(f"{sockets}/graphql?token={MARK}", subprotocols=["graphql-transport-ws"]):  # type: ignore[list-item]
            pass
        with suppress(InvalidStatus), connect(f"{sockets}/none?token={MARK}"):
            raise AssertionError("nothing is there")
        served.process.terminate()
        served.process.wait(30)
        log = served.log.read_text()
    assert "Application startup complete" in log
    assert f"listening on {served.url}" in log
    assert MARK not in log
