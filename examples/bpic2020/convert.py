"""Converts the travel-permit log of the BPI Challenge 2020 into a file for `mandate import`, as described in README.md.

python examples/bpic2020/convert.py LOG.xes[.gz] FILE.jsonl
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from xml.etree import ElementTree

BEFORE: Final = "2016-01-01T00:00:00+01:00"
"""An instant before the first event of the log."""
DESK, STAFF, REGION = "example-tue-desk", "example-tue-staff", "example-tue"
CLERK: Final = {"subject": "clerk", "authority": DESK, "roles": ["ADMINISTRATOR"]}
NOT_NAMED: Final = "NOT NAMED"
"""The actor of events for which the log has no role."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One event of the log: 'Permit APPROVED by BUDGET OWNER' is of a permit, APPROVED, by BUDGET OWNER."""

    name: str
    at: str

    @property
    def is_of_permit(self) -> bool:
        return self.name.startswith("Permit ")

    @property
    def what(self) -> str:
        return self.name.partition(" by ")[0].rpartition(" ")[2]

    @property
    def role(self) -> str:
        return self.name.partition(" by ")[2] or NOT_NAMED


@dataclass(slots=True)
class Counts:
    """Counts of the log's events.

    mapped: by command. carried: part of the terms of the submission, without an event. added: lines that the register
    needs and that have no event in the log.
    """

    cases: int = 0
    events: int = 0
    mapped: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)


def cases(log: BinaryIO) -> Iterator[tuple[str, list[Activity]]]:
    """(name, events) of each trace, with one trace in memory at a time."""
    parser = ElementTree.iterparse(log, events=("start", "end"))  # noqa: S314 expat bounds what entities expand to
    _, root = next(parser)
    activities: list[Activity] = []
    for event, element in parser:
        kind = element.tag.rpartition("}")[2]
        if event == "end" and kind == "event":
            values = {each.get("key"): each.get("value", "") for each in element}
            activities.append(Activity(values["concept:name"], values["time:timestamp"]))
        elif event == "end" and kind == "trace":
            name = next(each.get("value", "") for each in element if each.get("key") == "concept:name")
            yield name, activities
            activities = []
            root.clear()


def convert(log: BinaryIO, file: Path) -> Counts:
    counts = Counts()
    with file.open("w", encoding="utf-8") as out:
        for line in _authorities():
            out.write(json.dumps(line) + "\n")
        for name, activities in cases(log):
            counts.cases += 1
            counts.events += len(activities)
            for line in Case(name, activities, counts).lines():
                out.write(json.dumps(line) + "\n")
    return counts


class Case:
    """One travel permit."""

    def __init__(self, name: str, activities: list[Activity], counts: Counts) -> None:
        self._name = name
        self._activities = activities
        self._counts = counts
        self._submitted = self._taken_up = self._decided = False

    def lines(self) -> Iterator[dict[str, Any]]:
        for index, activity in enumerate(self._activities):
            if not self._submitted and not activity.is_of_permit:
                self._counts.carried[activity.name] += 1
                continue
            command, role, input_ = self._command(activity, self._activities[index + 1 :])
            if command in ("endorseDeploymentRequest", "approveDeploymentRequest", "denyDeploymentRequest"):
                yield from self._take_up(activity)
            self._counts.mapped[command] += 1
            yield self._line(activity, command, role, input_)

    def _command(self, activity: Activity, later: list[Activity]) -> tuple[str, str, dict[str, Any]]:
        """Command, role of the actor, and input for an event of the log."""
        reason = {"reason": activity.name}
        if not self._submitted:
            self._submitted = True
            return "submitDeploymentRequest", "REQUESTER", self._terms(activity)
        own = "REQUESTER" if activity.role == "EMPLOYEE" or activity.name.endswith(" trip") else "REVIEWER"
        if not activity.is_of_permit:
            return "remarkOnDeploymentRequest", own, reason
        returns = any(each.is_of_permit and each.what in ("SUBMITTED", "APPROVED", "FINAL_APPROVED") for each in later)
        match activity.what, activity.role:
            case "SUBMITTED", _:
                return "amendDeploymentRequest", "REQUESTER", reason | {"force": self._force}
            case "APPROVED", _:
                return "endorseDeploymentRequest", "REVIEWER", reason | {"recommendation": "APPROVE"}
            case "FINAL_APPROVED", _:
                self._decided = True
                return "approveDeploymentRequest", "APPROVER", reason
            case "REJECTED", "EMPLOYEE" if not returns and not self._decided:
                return "withdrawDeploymentRequest", "REQUESTER", reason
            case "REJECTED", role if role != "EMPLOYEE" and self._decided:
                return "revokeApproval", "APPROVER", reason
            case "REJECTED", role if role != "EMPLOYEE" and (returns or self._is_taken_back(later)):
                return "endorseDeploymentRequest", "REVIEWER", reason | {"recommendation": "DENY"}
            case "REJECTED", role if role != "EMPLOYEE":
                self._decided = True
                return "denyDeploymentRequest", "APPROVER", reason
            case _:
                return "remarkOnDeploymentRequest", own, reason

    @staticmethod
    def _is_taken_back(later: list[Activity]) -> bool:
        """Whether the employee rejects the permit too."""
        return any(each.is_of_permit and each.what == "REJECTED" and each.role == "EMPLOYEE" for each in later)

    @property
    def _force(self) -> str:
        return self._name.capitalize()

    def _terms(self, activity: Activity) -> dict[str, Any]:
        """The terms. The period is that of the trip, including its last day, and extends at least to the last event.

        Some permits were submitted after the trip, and the register refuses a period that is over.
        """
        days = {each.name: each.at for each in self._activities if each.name.endswith(" trip")}
        of_permit = (each.at for each in self._activities if each.is_of_permit)
        end = max(map(datetime.fromisoformat, (days["End trip"], *of_permit))) + timedelta(days=1)
        return {
            "force": self._force,
            "strength": 1,
            "region": REGION,
            "purpose": f"{activity.name}, in the log of the BPI Challenge 2020.",
            "period": {"start": days["Start trip"], "end": end.isoformat()},
            "marking": "CLEAR",
        }

    def _take_up(self, activity: Activity) -> Iterator[dict[str, Any]]:
        """Adds the beginning of the review, which the register requires and the log does not contain."""
        if not self._taken_up:
            self._taken_up = True
            self._counts.added["beginReview"] += 1
            input_ = {"reason": f"Taken up with: {activity.name}."}
            yield self._line(activity, "beginReview", "REVIEWER", input_)

    def _line(self, activity: Activity, command: str, role: str, input_: dict[str, Any]) -> dict[str, Any]:
        person = "EMPLOYEE" if role == "REQUESTER" else activity.role
        return {
            "history": self._name,
            "command": command,
            "at": activity.at,
            "actor": {
                "subject": person.lower().replace(" ", "-").replace("_", "-"),
                "authority": STAFF if role == "REQUESTER" else DESK,
                "roles": [role],
            },
            "input": input_,
        }


def _authorities() -> Iterator[dict[str, Any]]:
    basis = "EXAMPLE: the university's travel rules"
    for code, command, input_ in (
        (DESK, "registerAuthority", {"code": DESK, "name": "EXAMPLE: those who decide on travel permits (invented)"}),
        (STAFF, "registerAuthority", {"code": STAFF, "name": "EXAMPLE: employees who travel (invented)"}),
        (f"{DESK}-mandate", "grantMandate", {"authority": DESK, "region": REGION, "legalBasis": basis}),
    ):
        yield {"history": code, "command": command, "at": BEFORE, "actor": CLERK, "input": input_}


def _opened(log: Path) -> BinaryIO:
    with log.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(log, "rb") if zipped else log.open("rb")  # type: ignore[return-value]


def main() -> None:
    log, file = map(Path, sys.argv[1:])
    file.parent.mkdir(parents=True, exist_ok=True)
    with _opened(log) as opened:
        counts = convert(opened, file)
    print(f"{counts.cases:,} cases, {counts.events:,} events")  # noqa: T201
    for what, counted in (("mapped to", counts.mapped), ("in the terms", counts.carried), ("added", counts.added)):
        for name, number in counted.most_common():
            print(f"  {number:>7,} {what} {name}")  # noqa: T201


if __name__ == "__main__":
    main()
