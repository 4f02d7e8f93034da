"""What is wrong with an input by itself: each limit from both sides, named as the API names the field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.attempt import ROUTES
from domain.authority import RegisterAuthority
from domain.deployment_request.commands import (
    AmendRequest,
    ApproveRequest,
    NewCondition,
    SubmitRequest,
    WithholdRequest,
)
from domain.incident.commands import AttributeIncident, RecordEvidence, ReportIncident
from domain.jurisdiction import GrantMandate
from domain.validation import ZERO_WIDTH, problems, unwritable
from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Label,
    Latitude,
    Likelihood,
    Location,
    Longitude,
    Marking,
    Period,
    Quorum,
    Region,
    Sha256,
    SourceReliability,
    Strength,
    Subject,
    Text,
)
from tests.domain.case import CANAL, NOWHERE, PERIOD, PLACE, WHY
from tests.specification import NOW

NAIVE = datetime(2024, 12, 15, 12)  # noqa: DTZ001
SUBMIT = SubmitRequest(force=Label("force"), strength=Strength(1), region=PLACE, purpose=WHY, period=PERIOD)
REPORT = ReportIncident(kind=Label("explosion"), description=WHY, region=PLACE, occurred_at=NOW)
RECORD = RecordEvidence(
    summary=WHY, source_reliability=SourceReliability.A, information_credibility=InformationCredibility.ONE
)
ATTRIBUTE = AttributeIncident(likelihood=Likelihood.LIKELY, confidence=AnalyticConfidence.LOW, basis=WHY)
APPROVE = ApproveRequest(reason=WHY)
GRANT = GrantMandate(authority=AuthorityCode("kfor"), region=PLACE, legal_basis=Label("law"))
REGISTER = RegisterAuthority(code=AuthorityCode("kfor"), name=Label("Kfor"))
WITHHOLD = WithholdRequest(reason=WHY, awaiting=(IncidentId(CANAL),))


def found(command: Any, **fields: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in problems(replace(command, **fields))]


def paths(command: Any, **fields: Any) -> list[str]:
    return [path for path, _ in found(command, **fields)]


@pytest.mark.parametrize("command", [SUBMIT, REPORT, RECORD, ATTRIBUTE, APPROVE, GRANT, REGISTER, WITHHOLD])
def test_nothing_is_wrong_with_what_is_well_formed(command: object) -> None:
    assert list(problems(command)) == []


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u00a0\u2003", "\u200b", " \ufeff\u200d", "\u200b \u2060"])
def test_what_people_write_is_not_blank(blank: str) -> None:
    assert found(SUBMIT, purpose=Text(blank)) == [("purpose", "It must not be blank.")]
    assert found(SUBMIT, force=Label(blank)) == [("force", "It must not be blank.")]


def test_nor_erased() -> None:
    assert found(SUBMIT, purpose=Text(None)) == [("purpose", "It must not be blank.")]


def test_texts_have_20000_characters_at_most() -> None:
    assert found(SUBMIT, purpose=Text("x" * 20_000)) == []
    assert found(SUBMIT, purpose=Text("x" * 20_001)) == [
        ("purpose", "At most 20000 characters are accepted, not 20001.")
    ]
    assert paths(SUBMIT, purpose=Text("x" * 1_000_000)) == ["purpose"]


def test_short_names_have_200() -> None:
    assert found(SUBMIT, force=Label("x" * 200)) == []
    assert found(SUBMIT, force=Label("x" * 201)) == [("force", "At most 200 characters are accepted, not 201.")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x00b", "It contains a NUL character: remove it."),
        ("a\ud800b", "It contains half of a surrogate pair: send whole characters."),
        ("a\udfff", "It contains half of a surrogate pair: send whole characters."),
    ],
)
def test_what_cannot_be_stored_is_refused(text: str, said: str) -> None:
    assert unwritable(text) == said
    assert found(SUBMIT, purpose=Text(text)) == [("purpose", said)]
    assert found(SUBMIT, force=Label(text)) == [("force", said)]
    assert found(SUBMIT, marking=Marking.RED, recipients=(Subject("a"), Subject(text))) == [("recipients.1", said)]


@pytest.mark.parametrize(
    "text",
    ["\ud7ff\ue000", "a\u200bb", "\U0001f30a", "Ibër-Lepenc", "Ибар", "\u200fא", "\u06cc\u200c\u062e"],
)
def test_whole_characters_of_any_script_are_welcome(text: str) -> None:
    assert found(SUBMIT, purpose=Text(text), force=Label(text)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((" a", "It must not begin or end with a space."), ("a\u00a0", "It must not begin or end with a space.")),
        *((f"a{each}b", f"It must not contain invisible characters: remove U+{ord(each):04X}.") for each in ZERO_WIDTH),
    ],
)
def test_no_person_looks_like_another(text: str, said: str) -> None:
    assert found(SUBMIT, marking=Marking.RED, recipients=(Subject(text),)) == [("recipients.0", said)]
    assert found(SUBMIT, marking=Marking.RED, recipients=(Subject("a b"), Subject("Ибар"))) == []
    assert found(SUBMIT, force=Label(text)) == [], "what is no person may be written so"


TURNS = ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
CONTROLS = [chr(code) for code in (*range(1, 32), *range(127, 160))]


@pytest.mark.parametrize("character", [*CONTROLS, "\u2028", "\u2029", *TURNS], ids=lambda found: f"U+{ord(found):04X}")
def test_a_name_stands_on_one_line_without_control_characters(character: str) -> None:
    text = f"a{character}b"
    said = f"It must be a single line without control characters: remove U+{ord(character):04X}."
    assert found(SUBMIT, force=Label(text)) == [("force", said)]
    assert found(REPORT, kind=Label(text)) == [("kind", said)]
    assert found(GRANT, legal_basis=Label(text)) == [("legalBasis", said)]
    assert found(REGISTER, name=Label(text)) == [("name", said)]
    assert found(SUBMIT, marking=Marking.RED, recipients=(Subject(text),)) == [("recipients.0", said)]
    assert found(SUBMIT, purpose=Text(text)) == [], "what people write has as many lines as they like"


def test_lists_have_100_items_at_most() -> None:
    assert found(SUBMIT, incidents=(IncidentId(NOWHERE),) * 100) == []
    assert found(SUBMIT, incidents=(IncidentId(NOWHERE),) * 101) == [
        ("incidents", "At most 100 items are accepted, not 101.")
    ]
    assert paths(ATTRIBUTE, evidence=(EvidenceId(NOWHERE),) * 101) == ["evidence"]
    assert paths(APPROVE, conditions=(NewCondition(text=Text("")),) * 101) == ["conditions"]
    assert paths(WITHHOLD, awaiting=(IncidentId(NOWHERE),) * 101) == ["awaiting"]


@pytest.mark.parametrize(("strength", "fine"), [(0, False), (-1, False), (1, True), (10**6, True), (10**6 + 1, False)])
def test_strength_is_1_to_1_000_000(strength: int, fine: bool) -> None:
    expected = [] if fine else [("strength", f"It must be from 1 to 1,000,000, not {strength:,}.")]
    assert found(SUBMIT, strength=Strength(strength)) == expected
    assert found(AmendRequest(strength=Strength(strength), reason=WHY)) == expected
    assert found(APPROVE, strength=Strength(strength)) == expected


@pytest.mark.parametrize(("quorum", "fine"), [(0, False), (1, True), (10, True), (11, False)])
def test_one_to_ten_endorsements_are_required(quorum: int, fine: bool) -> None:
    assert paths(GRANT, endorsements_required=Quorum(quorum)) == ([] if fine else ["endorsementsRequired"])


def test_a_period_ends_after_it_starts() -> None:
    reversed_ = Period(start=PERIOD.end, end=PERIOD.start)
    assert found(SUBMIT, period=reversed_) == [("period.end", "It must lie after the start of the period.")]
    assert paths(SUBMIT, period=Period(start=PERIOD.start, end=PERIOD.start)) == ["period.end"]
    assert paths(APPROVE, period=reversed_) == ["period.end"]
    later_elsewhere = PERIOD.start.astimezone(timezone(timedelta(hours=14)))
    assert paths(SUBMIT, period=Period(start=PERIOD.start, end=later_elsewhere)) == ["period.end"]


def test_instants_have_an_offset() -> None:
    said = "An instant needs an offset: '2024-11-29T18:00:00Z'."
    assert found(REPORT, occurred_at=NAIVE) == [("occurredAt", said)]
    assert found(SUBMIT, period=Period(start=NAIVE, end=PERIOD.end)) == [("period.start", said)]
    assert found(SUBMIT, period=Period(start=PERIOD.start, end=NAIVE)) == [("period.end", said)]
    assert paths(SUBMIT, period=Period(start=NAIVE, end=NAIVE)) == ["period.start", "period.end"]
    assert paths(WITHHOLD, review_by=NAIVE) == ["reviewBy"]
    assert paths(GRANT, valid_from=NAIVE, valid_until=NAIVE) == ["validFrom", "validUntil"]
    assert paths(APPROVE, valid_until=NAIVE, conditions=(NewCondition(text=WHY, due_by=NAIVE),)) == [
        "conditions.0.dueBy",
        "validUntil",
    ]
    assert found(REPORT, occurred_at=NAIVE.replace(tzinfo=UTC)) == []


def test_what_is_within_a_list_is_named_by_its_index() -> None:
    conditions = (NewCondition(text=WHY), NewCondition(text=Text(" ")))
    assert found(APPROVE, conditions=conditions) == [("conditions.1.text", "It must not be blank.")]


@pytest.mark.parametrize(
    "region", ["xk", "xk/north", "xk/north/zubin-potok", "a1/b2-c3", "/".join("abcdefgh"), "x" * 200]
)
def test_a_region_is_a_path(region: str) -> None:
    assert paths(SUBMIT, region=Region(region)) == []


@pytest.mark.parametrize(
    "region",
    [
        "", "XK", "xk/", "/xk", "xk//north", "xk north", "xk/-north", "xk/north-", "xk/no--rth", "xk/nörth", "xk\n",
        "xk/*", "../xk", "/".join("abcdefghi"), "x" * 201,
    ],
)  # fmt: skip
def test_and_nothing_else_is(region: str) -> None:
    assert [path for path, message in found(SUBMIT, region=Region(region)) if "path of 1 to 8" in message] == ["region"]


@pytest.mark.parametrize("code", ["kfor", "k2", "eu-mission-1", "x" * 32])
def test_a_code_is_short_and_lower_case(code: str) -> None:
    assert paths(REGISTER, code=AuthorityCode(code)) == []


@pytest.mark.parametrize(
    "code", ["", "k", "x" * 33, "Kfor", "1kfor", "k-", "-k", "k--for", "k for", "kför", "k/for", "kfor\n"]
)
def test_and_no_other_form_is_one(code: str) -> None:
    assert paths(REGISTER, code=AuthorityCode(code)) == ["code"]


@pytest.mark.parametrize(("code", "said"), [("register", "the register itself"), ("kfor-i", "incident's reference")])
def test_some_codes_would_mislead(code: str, said: str) -> None:
    ((path, message),) = found(REGISTER, code=AuthorityCode(code))
    assert (path, said in message) == ("code", True)
    assert paths(REGISTER, code=AuthorityCode("i")) == ["code"]
    assert paths(REGISTER, code=AuthorityCode("kfori")) == []


@pytest.mark.parametrize("digest", ["", "0a" * 31, "0a" * 33, "0A" * 32, "0g" * 32, " " + "0a" * 31 + "0"])
def test_a_sha_256_is_64_lower_case_digits(digest: str) -> None:
    assert paths(RECORD, sha256=Sha256(digest)) == ["sha256"]
    assert paths(RECORD, sha256=Sha256("0a" * 32)) == []


INFINITE, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("latitude", "longitude", "wrong"),
    [
        (90, 180, []),
        (-90, -180, []),
        (90.001, 0, ["location.latitude"]),
        (-90.001, 0, ["location.latitude"]),
        (0, 180.001, ["location.longitude"]),
        (0, -180.001, ["location.longitude"]),
        (NAN, NAN, ["location.latitude", "location.longitude"]),
        (INFINITE, -INFINITE, ["location.latitude", "location.longitude"]),
    ],
)
def test_a_location_is_on_the_globe(latitude: float, longitude: float, wrong: list[str]) -> None:
    where = Location(latitude=Latitude(latitude), longitude=Longitude(longitude))
    assert paths(REPORT, location=where) == wrong
    described = replace(where, description=Text(""))
    assert paths(REPORT, location=described) == [*wrong, "location.description"]


def test_every_problem_is_reported_at_once() -> None:
    assert paths(SUBMIT, force=Label(""), strength=Strength(0), region=Region(""), purpose=Text("")) == [
        "force", "strength", "region", "purpose",
    ]  # fmt: skip


def test_every_command_that_carries_what_people_write_marks_it_so() -> None:
    with_reason = [command for command in ROUTES if "reason" in command.__dataclass_fields__]
    assert len(with_reason) > 15
    for command in with_reason:
        assert command.__dataclass_fields__["reason"].type is Text
