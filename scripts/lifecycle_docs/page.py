"""The lifecycle as a page: who may take which step in which status, where it leads, and on which conditions."""

from collections.abc import Iterator
from typing import Any

from domain.deciding import Opening
from domain.deployment_request.lifecycle import OPENINGS as REQUEST_OPENINGS
from domain.incident.lifecycle import OPENINGS as INCIDENT_OPENINGS
from scripts.lifecycle_docs.rows import Row, beginning, incident_rows, request_rows, said

HEAD = """\
# The lifecycle

Written by `make generate` from the tables that decide: `domain/deployment_request/lifecycle.py` and
`domain/incident/lifecycle.py`. What a command is held to, what is offered and what is explained are read from the same
rows, so that they cannot disagree.

![The statuses of a deployment request, and what leads from one to the next](lifecycle.svg)
"""

REQUESTS = """\
## A deployment request

Whoever is recused takes no further part, but for remarks. An interested person is one who recused themselves, or who
submitted or amended the request.
"""

INCIDENTS = """\
## An incident

An incident has the status of the finding that stands: *open* where there is none, *inconclusive* where it says that it
cannot be told who is responsible.
"""


def page() -> str:
    requests = _section(REQUESTS, REQUEST_OPENINGS[0], request_rows())
    incidents = _section(INCIDENTS, INCIDENT_OPENINGS[0], incident_rows())
    lines = [HEAD, *requests, *incidents]
    return "\n".join(lines).rstrip() + "\n"


def _section(head: str, opening: Opening[Any, Any, Any], rows: tuple[Row, ...]) -> Iterator[str]:
    yield f"{head}\nIt begins with `{opening.command.__name__}`. {beginning(opening)}\n"
    yield "| Step | While it is | Taken by | Leads to |"
    yield "|---|---|---|---|"
    for row in rows:
        states = ", ".join(map(said, row.states)) or "any"
        yield f"| `{row.action}` | {states} | {_by(row)} | {' or '.join(map(said, row.leads_to))} |"
    yield ""
    yield "On these conditions:"
    yield ""
    for row in rows:
        if row.conditions:
            yield f"- `{row.action}`: {' '.join(row.conditions)}"
    yield ""


def _by(row: Row) -> str:
    if row.who is None:
        return "the register by itself"
    return f"{row.who}; the register by itself" if row.by_itself else row.who
