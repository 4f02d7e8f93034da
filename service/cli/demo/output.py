"""Terminal output of the demonstration: steps, the history as a timeline, the views."""

from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from service.cli.demo.case import EXERCISE
from service.cli.demo.client import Client

HISTORY: Final = """
query ($id: ID!, $after: String, $at: Position) {
  deploymentRequest(id: $id, atLeast: $at) {
    reference
    history(first: 100, after: $after) {
      edges { node { position version type recordedAt reason
                     actor { name subject authority onBehalfOf { name subject } }
                     changes { path before after } } }
    }
  }
}"""

VIEWS: Final = """
query ($at: Position) {
  deploymentRequests(atLeast: $at) { totalCount edges { node { reference status version strength decision { grantedStrength grantedPeriod { end } } } } }
  incidents(atLeast: $at) { totalCount edges { node { reference attributionStatus region } } }
  situation(regions: ["xk"], atLeast: $at) { region openIncidents requestsByStatus { status count } }
}"""  # noqa: E501


class DemoOutput:
    """Prints to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, who: str, what: str, source: str) -> None:
        mark = "bold yellow" if source == EXERCISE else "cyan"
        self._line(f"  [bold]{who}[/] {what}  [{mark}]\\[{source}][/]")

    def heading(self, text: str) -> None:
        self._console.print(f"\n[bold underline]{text}[/]\n")

    def timeline(self, auditor: Client, request: str, position: str) -> None:
        """Prints the full history of the request, oldest first."""
        request_node = auditor.query(HISTORY, id=request, at=position)["deploymentRequest"]
        self._line(f"  [bold]{request_node['reference']}[/]\n")
        for edge in request_node["history"]["edges"]:
            event = edge["node"]
            actor = event["actor"]
            spoken = " for ".join(map(_named, filter(None, (actor, actor["onBehalfOf"]))))
            who = f"{spoken} ({actor['authority']})"
            when = event["recordedAt"][:19].replace("T", " ")
            self._line(f"  [bold cyan]{event['version']:>2}  {event['type']}[/]  {when}  {escape(who)}")
            if event["reason"]:
                self._indented(f"[italic]{escape(event['reason'])}[/]")
            for change in event["changes"] if event["version"] > 1 else _terms(event["changes"]):
                self._indented(f"[dim]{escape(_change(change))}[/]")
            self._line("")

    def _indented(self, text: str) -> None:
        if self._console.is_terminal:
            self._console.print(Padding(text, (0, 0, 0, 6)), highlight=False)
        else:
            self._line(f"      {text}")

    def _line(self, text: str) -> None:
        """Whole, unless it is on a terminal."""
        self._console.print(text, highlight=False, soft_wrap=not self._console.is_terminal)

    def views(self, auditor: Client, position: str) -> Any:
        """Prints and returns what the views show."""
        shown = auditor.query(VIEWS, at=position)
        for edge in shown["deploymentRequests"]["edges"]:
            node = edge["node"]
            note = _granted(node["strength"], node["decision"]) if node["decision"] else ""
            self._line(f"  {node['reference']}: {node['status']}, version {node['version']}{note}")
        for edge in shown["incidents"]["edges"]:
            self._line(f"  {edge['node']['reference']}: {edge['node']['attributionStatus']}, {edge['node']['region']}")
        for region in shown["situation"]:
            counts = ", ".join(f"{c['count']} {c['status']}" for c in region["requestsByStatus"] if c["count"])
            self._line(f"  {region['region']}: open incidents: {region['openIncidents']}; requests: {counts}")
        return shown


def _named(person: dict[str, Any]) -> str:
    return f"{person['name']} [{person['subject']}]" if person["name"] else str(person["subject"])


def _granted(asked: int, decision: dict[str, Any]) -> str:
    if (granted := decision["grantedStrength"]) is None:
        return ""
    return f", {granted} granted of {asked} asked for, until {decision['grantedPeriod']['end'][:10]}"


def _terms(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requested terms among the changes of a submission, and until when they are to be decided on."""
    shown = ("force", "strength", "region", "purpose", "period", "answerBy")
    return [change for change in changes if change["path"] in shown]


def _change(change: dict[str, Any]) -> str:
    path, before, after = change["path"], change["before"], change["after"]
    if before is None:
        return f"{path}: {_short(after)}"
    return f"{path}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        value = "; ".join(f"{name} {_short(part)}" for name, part in value.items() if part not in (None, []))
    if isinstance(value, list):
        value = ", ".join(_short(part) for part in value)
    text = "none" if value is None else str(value)
    return text if len(text) <= 90 else f"{text[:87]}…"
