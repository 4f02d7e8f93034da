"""How events read in a terminal."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.rows.value_changes import Change
from service.cli.terminal_text import change_for_people, change_for_programs
from service.cli.timeline import Timeline, TimelineEntry

INCIDENT = "2551d929-6c01-4332-9601-b3c2611cbc95"
WHEN = datetime(2024, 11, 29, 18, 5, tzinfo=UTC)
ENTRY = AuditEntry(
    position=17,
    subject=UUID(INCIDENT),
    kind="DeploymentRequest",
    version=3,
    type="RequestWithheld",
    recorded_at=WHEN,
    occurred_at=None,
    actor=Actor(issuer="mandate", subject=Subject("rea"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,)),
    correlation=UUID(INCIDENT),
    causation=None,
    mentions=(),
    payload={},
    changes=(),
    erased=(),
)
HOLD = {
    "reason": "EXERCISE",
    "awaiting": [INCIDENT],
    "minimumLikelihood": "LIKELY",
    "minimumConfidence": "MODERATE",
    "reviewBy": None,
    "heldBy": {"subject": "rea", "authority": "kfor", "roles": ["REVIEWER"]},
}


def shown(*changes: Change, reason: str | None = "EXERCISE", redactions: tuple[str, ...] = ()) -> VisibleEntry:
    return VisibleEntry(reason=reason, payload={}, changes=changes, redactions=redactions)


def printed(moment: TimelineEntry, terminal: bool) -> list[str]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=120, color_system=None, legacy_windows=False)
    Timeline(console).show(replace(moment, names={("mandate", "rea"): "Rea L."}))
    return [line.rstrip() for line in written.getvalue().splitlines()]


def test_lines_for_people_state_actor_action_time_and_reason() -> None:
    event = shown(Change("status", "UNDER_REVIEW", "WITHHELD_PENDING_ATTRIBUTION"), redactions=("awaiting.1",))
    assert printed(TimelineEntry(entry=ENTRY, shown=event), terminal=True) == [
        "",
        "29 November 2024, 18:05 UTC  RequestWithheld  Rea L. [rea] (kfor)  version 3, position 17",
        "    EXERCISE",
        "    status: UNDER_REVIEW → WITHHELD_PENDING_ATTRIBUTION",
        "    left out: awaiting.1",
    ]


@pytest.mark.parametrize("name", ["Ben K.", "ben"])
def test_a_deputy_is_shown_for_their_principal(name: str) -> None:
    deputy = replace(ENTRY, actor=replace(ENTRY.actor, on_behalf_of=("mandate", Subject("ben"))))
    names = {("mandate", "rea"): "Rea L."} | ({("mandate", "ben"): name} if name != "ben" else {})
    moment = TimelineEntry(entry=deputy, shown=shown(), names=names)
    written = {}
    for terminal, as_json in ((True, False), (False, False), (False, True)):
        file = io.StringIO()
        console = Console(file=file, force_terminal=terminal, width=120, color_system=None, legacy_windows=False)
        Timeline(console, as_json=as_json).show(moment)
        written[terminal, as_json] = file.getvalue()
    principal = "ben" if name == "ben" else f"{name} [ben]"
    assert f"Rea L. [rea] for {principal} (kfor)" in written[True, False]
    assert f"\trea for ben\tRea L. for {name}\tkfor\t" in written[False, False]
    expected = {"subject": "ben", "issuer": "mandate", "name": name if name != "ben" else None}
    assert json.loads(written[False, True])["actor"]["onBehalfOf"] == expected


def test_an_import_shows_when_it_happened_and_when_it_was_recorded() -> None:
    entry = replace(ENTRY, occurred_at=WHEN - timedelta(days=400))
    _, headline, recorded, *_ = printed(TimelineEntry(entry=entry, shown=shown()), terminal=True)
    assert headline.startswith("26 October 2023, 18:05 UTC")
    assert recorded == "    recorded on 29 November 2024, 18:05 UTC"


def test_programs_read_a_line_an_event() -> None:
    event = shown(Change("strength", 120, 100), reason="Two\nlines\tof it")
    (line,) = printed(TimelineEntry(entry=ENTRY, shown=event, about="pristina-2024-0001"), terminal=False)
    assert line.split("\t") == [
        *("2024-11-29T18:05:00.000000Z", "", "17", "pristina-2024-0001", "3", "RequestWithheld", "rea"),
        *("Rea L.", "kfor", "Two lines of it", "strength: 120 → 100"),
    ]


def test_an_event_that_changes_no_field_says_what_it_is_about() -> None:
    told = {"principal": "paula", "deputy": "dora", "roles": ["REVIEWER"], "until": None, "reason": "EXERCISE"}
    moment = TimelineEntry(entry=ENTRY, shown=replace(shown(), payload=told))
    (line,) = printed(moment, terminal=False)
    assert line.endswith('\tEXERCISE\tprincipal: paula; deputy: dora; roles: ["REVIEWER"]')
    assert printed(moment, terminal=True)[2:] == [
        "    EXERCISE", "    principal: paula", "    deputy: dora", "    roles: REVIEWER",
    ]  # fmt: skip


@pytest.mark.parametrize("terminal", [True, False])
def test_every_text_is_reported_in_full(terminal: bool) -> None:
    text = " ".join(f"word{n}" for n in range(2_000))
    moment = TimelineEntry(entry=ENTRY, shown=shown(Change("purpose", text, f"{text} more"), reason=f"{text} why"))
    said = " ".join(" ".join(printed(moment, terminal)).split())
    assert f"{text} why" in said
    assert f"purpose: {text} → {text} more" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_texts_of_persons_do_not_control_the_terminal(terminal: bool) -> None:
    event = shown(Change("force", None, "\x9b2J"), reason="\x1b[2J\x1b]0;title\x07 gone\r")
    text = "\n".join(printed(TimelineEntry(entry=ENTRY, shown=event), terminal))
    assert not set(text) & set("\x1b\x07\x9b\r")
    assert "\ufffd[2J" in text


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (Change("strength", 120, 100), ["strength: 120 → 100"]),
        (Change("id", None, INCIDENT), []),
        (Change("endorsements", None, []), []),
        (Change("hold", HOLD, None), ["hold: ended"]),
        (Change("incidents.0", None, INCIDENT), ["incidents.0: pristina-i-2024-0001"]),
        (Change("decision.standing", "STANDS", "QUESTIONED"), ["decision.standing: STANDS → QUESTIONED"]),
        (Change("decision.conditions.0.fulfilled", False, True), ["decision.conditions.0.fulfilled: no → yes"]),
        (Change("validUntil", None, "2024-11-29T18:05:00.000000Z"), ["validUntil: 29 November 2024, 18:05 UTC"]),
        (
            Change("hold", None, HOLD),
            [
                "hold.awaiting: pristina-i-2024-0001",
                "hold.minimumLikelihood: LIKELY",
                "hold.minimumConfidence: MODERATE",
                "hold.heldBy: rea (kfor)",
            ],
        ),
        (
            Change("period", None, {"start": "2024-11-29T18:05:00.000000Z", "end": "2024-12-01T00:00:00.000000Z"}),
            ["period: 29 November 2024, 18:05 UTC to 1 December 2024, 00:00 UTC"],
        ),
        (
            Change("conditions", None, [{"text": "first"}, {"text": "second"}]),
            ["conditions.0.text: first", "conditions.1.text: second"],
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Change) else "",
)
def test_changes_for_people(change: Change, lines: list[str]) -> None:
    assert list(change_for_people(change, {INCIDENT: "pristina-i-2024-0001"}, "EXERCISE")) == lines


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [(None, "x", "path: x"), (1, None, "path: 1 → none"), (None, {"a": [1]}, 'path: {"a":[1]}')],
)
def test_changes_for_programs(before: Any, after: Any, line: str) -> None:
    assert change_for_programs(Change("path", before, after)) == line
