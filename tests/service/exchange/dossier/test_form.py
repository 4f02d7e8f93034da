"""How a dossier is set: what is text stays text, the picture is one, and an import tells when it was recorded."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from xml.etree import ElementTree

import psycopg
import pytest

from domain.validation import NOT_ON_ONE_LINE
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.exchange.dossier.axis_ticks import ticks
from service.exchange.dossier.builder import document
from service.exchange.dossier.document import DossierDocument, Picture, Table
from service.exchange.dossier.html_renderer import html
from service.exchange.dossier.material import DossierEvent
from service.exchange.dossier.pdf_process import typeset
from service.exchange.dossier.pdf_renderer import encoded, pdf
from service.exchange.dossier.timeline_chart import LETTER, picture
from service.exchange.dossier.timeline_section import in_order
from service.exchange.dossier.unshown_characters import with_numbers
from service.exchange.visible_log.refused import ExportRefused
from service.processes.composition import now
from service.settings import DatabaseUrls
from tests.service.exchange.dossier.pages import Page, lines, pixels
from tests.service.exchange.dossier.registers import gathered
from tests.service.exchange.importing.histories import (
    APPROVES,
    ASKS,
    EXAMPLE,
    FOUNDED,
    REVIEWS,
    WHY,
    Importer,
    asked,
    line,
    opened,
)

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "</style></svg></title><base href='https://example.org'>",
    "#panic() #import \"x\": y $ sum_x $ *bold* _it_ @ref <label> // comment /* open",
    "\\0041 \" } @import url(https://example.org/x.css); {",
    "a\x01b\x1b[31mc\x7fd\u2028e\ufffef",
    "مرحبا بالعالم — שלום — Ђорђе — 漢字 — 😀 — e\u0301\u0301\u0301",
    "line one\nline two\r\n\nline four",
    "x" * 5000,
)  # fmt: skip
MARGIN, RGBA = 50, 4
"""Points that stay white at the right edge; bytes of a pixel."""


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


def printed(register: Importer, reference: str, actor: Actor = SYSTEM) -> DossierDocument:
    return document(gathered(register, reference, actor))


def picture_of(made: DossierDocument) -> ElementTree.Element:
    [drawn] = [block for section in made.sections for block in section.blocks if isinstance(block, Picture)]
    return ElementTree.fromstring(drawn.svg)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_texts_of_persons_are_never_interpreted(register: Importer, text: str) -> None:
    name = NOT_ON_ONE_LINE.sub(" ", text)[:200].strip()
    register.takes(
        *FOUNDED,
        asked("a", force=name, purpose=text),
        line("a", "remarkOnDeploymentRequest", "2017-03-02", {**ASKS, "subject": name}, {"reason": text}),
    )
    assert register.refused == []
    reader = Actor(issuer=ISSUER, subject=Subject(name), authority=AuthorityCode("lowland"), roles=(Role.REQUESTER,))
    made = printed(register, "lowland-2017-0001", reader)
    page = Page(html(made))
    assert page.sheet.count("{") == page.sheet.count("}")
    assert "@import" not in page.sheet
    assert "script" not in page.tags
    assert {"img", "base", "link"}.isdisjoint(page.tags)
    assert [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")] == []
    assert pdf(made, now()).content.startswith(b"%PDF-")


def test_an_imported_request_shows_when_it_happened_and_when_it_was_recorded(register: Importer) -> None:
    register.reads(EXAMPLE)
    made = printed(register, "exercise-lowland-2017-0001")
    text = list(lines(made))
    assert made.standing == "Approved, with conditions, on 12 March 2017, 10:00 UTC."
    assert "12 March 2017" in text
    assert f"recorded on {now():%-d %B %Y}" in "\n".join(text)
    assert "Likelihood of the finding on" not in "\n".join(text[: text.index("Decisions, their grounds and the rules")])
    checks = [each for each in text if each.startswith("The hold awaits a finding on exercise-lowland-i-2017-0001")]
    assert checks == [], "the finding was there when the review was resumed"
    assert "Likelihood of the finding on exercise-lowland-i-2017-0001: has LIKELY, needs LIKELY." in text
    assert "EXERCISE: treaty of 2016" in text
    assert "B2" in text
    assert "condition 1" in text


def test_the_picture_shows_every_event_once_and_every_status(register: Importer) -> None:
    remarks = [line("a", "remarkOnDeploymentRequest", "2017-03-03", ASKS, WHY)] * 80
    register.takes(*FOUNDED, asked("a"), line("a", "beginReview", "2017-03-02", REVIEWS, WHY), *remarks)
    picture = picture_of(printed(register, "lowland-2017-0001"))
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    circles = [each.attrib for each in picture if each.tag.endswith("circle")]
    assert len(circles) == 82
    centres = [(float(each["cx"]), float(each["cy"])) for each in circles]
    assert all(8 <= x <= width - 8 and 8 <= y <= height - 8 for x, y in centres)
    apart = [abs(x - u) + abs(y - v) for n, (x, y) in enumerate(centres) for u, v in centres[:n]]
    assert min(apart) > 16, "none hides another"
    said = [each.text for each in picture if each.tag.endswith("text")]
    assert {*map(str, range(1, 83))} <= {*said}
    assert "Under review" in said


@pytest.mark.parametrize("shares", [(0, 0.01, 1), (0, 0.5, 1), (0, 0, 0), (1, 1, 1), (0.3, 0.4, 0.5), (0.1, 1, 1)])
def test_incident_labels_do_not_cover_numbers(register: Importer, shares: tuple[float, ...]) -> None:
    """shares: of the year that the request takes, at which something becomes of the incident."""
    register.reads(EXAMPLE)
    found = gathered(register, "exercise-lowland-2017-0001")
    [file] = found.incidents
    begun, year = found.moments[0].happened_at, timedelta(days=365)
    known = tuple(moved(moment, begun + year * share) for moment, share in zip(file.moments, shares, strict=True))
    course = (*found.moments[:-1], moved(found.moments[-1], begun + year))
    made = replace(found, moments=course, incidents=(replace(file, moments=known),))
    drawn = ElementTree.fromstring(picture(made, in_order(made)))
    circles = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in drawn if each.tag.endswith("circle")]
    [name] = [each.attrib for each in drawn if each.text == file.incident.reference]
    left, base = float(name["x"]), float(name["y"])
    right = left + LETTER * len(file.incident.reference)
    assert 0 <= left < right <= float(drawn.attrib["viewBox"].split()[2])
    assert [(x, y) for x, y in circles if left - 8 < x < right + 8 and base - 15 < y < base + 10] == []


def moved(moment: DossierEvent, at: datetime) -> DossierEvent:
    return replace(moment, step=replace(moment.step, entry=replace(moment.step.entry, occurred_at=at)))


def test_a_request_of_one_instant_is_drawn(register: Importer) -> None:
    register.takes(*FOUNDED, asked("a"))
    made = printed(register, "lowland-2017-0001")
    assert len(picture_of(made)) > 3
    assert made.standing == "Submitted; nothing is decided."


@pytest.mark.parametrize(
    "span",
    [
        timedelta(milliseconds=3), timedelta(seconds=1), timedelta(seconds=70), timedelta(hours=5), timedelta(days=1),
        timedelta(days=20), timedelta(days=100), timedelta(days=400), timedelta(days=4000), timedelta(days=900_000),
    ],
)  # fmt: skip
def test_a_line_of_time_has_a_few_marks_in_order(span: timedelta) -> None:
    start = datetime(2017, 3, 1, 11, 59, 58, 500_000, tzinfo=UTC)
    found = ticks(start, start + span)
    assert 1 < len(found) <= 9
    assert [at for at, _ in found] == sorted({at for at, _ in found})
    assert all(start <= at <= start + span for at, _ in found)
    assert len({label for _, label in found}) == len(found) or span < timedelta(seconds=1)


def test_characters_without_a_glyph_are_reported_in_the_pdf_itself(register: Importer) -> None:
    register.takes(*FOUNDED, asked("a", purpose="\U00012000 and \U00012001 in cuneiform, \U00012000\U00012002"))
    made = printed(register, "lowland-2017-0001")
    found = pdf(made, now())
    assert set(found.unshown) == {"\U00012000", "\U00012001", "\U00012002"}
    assert b"pdfaid" in found.content, "as it shows their numbers, it meets the standards"
    shown = with_numbers(encoded(made), found.unshown).decode()
    assert "[U+12000] and [U+12001] in cuneiform, [U+12000][U+12002]" in shown
    assert (
        "No font of the printing computer has these characters"
        in json.loads(shown)["sections"][-1]["blocks"][-1]["line"]["text"]
    )
    register.takes(asked("b", purpose="Đorđe, Ђорђе, Γιώργος, ë"))
    assert pdf(printed(register, "lowland-2017-0002"), now()).unshown == ()


def test_a_text_of_nothing_but_characters_without_a_glyph_is_printed() -> None:
    many = "".join(map(chr, range(0x12000, 0x12300))) * 20
    made = with_numbers(json.dumps({"sections": [{"blocks": [many]}]}).encode(), tuple(dict.fromkeys(many)))
    [text, said] = json.loads(made)["sections"][0]["blocks"]
    assert text == "\ufffd" * len(many), "numbers would take eight times the room"
    assert said["line"]["text"].endswith("U+120C7 and others.")


def test_each_event_has_its_subject_position_and_the_hash_of_its_stored_bytes(
    register: Importer, database_urls: DatabaseUrls
) -> None:
    register.reads(EXAMPLE)
    found = gathered(register, "exercise-lowland-2017-0001")
    [section] = [each for each in document(found).sections if each.title == "The events as stored"]
    [listed] = [block for block in section.blocks if isinstance(block, Table)]
    shown = [tuple(line.text for line in cell) for row in listed.rows for cell in row[1:]]
    with psycopg.connect(database_urls.owner) as connection:
        stored: dict[int, bytes] = dict(
            connection.execute("SELECT notification_id, state FROM event_store.events").fetchall()
        )
    expected: list[tuple[str, ...]] = []
    for moment in in_order(found):
        entry = moment.step.entry
        is_request = entry.kind == "DeploymentRequest"
        reference = "exercise-lowland-2017-0001" if is_request else "exercise-lowland-i-2017-0001"
        expected += [(reference,), (str(entry.position),), (sha256(stored[entry.position]).hexdigest(),)]
    assert shown == expected
    assert len(expected) > 12


@pytest.mark.parametrize(("due", "is_overdue"), [("2017-03-20", True), ("2999-01-01", False)])
def test_an_overdue_condition_is_marked(register: Importer, due: str, is_overdue: bool) -> None:
    conditions = [{"text": "EXERCISE: liaison.", "dueBy": f"{due}T00:00:00Z"}, {"text": "EXERCISE: no date."}]
    register.takes(
        *FOUNDED,
        asked("a"),
        line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
        line("a", "endorseDeploymentRequest", "2017-03-03", REVIEWS, {**WHY, "recommendation": "APPROVE"}),
        line("a", "approveDeploymentRequest", "2017-03-04", APPROVES, {**WHY, "conditions": conditions}),
    )
    assert register.refused == []
    said = list(lines(printed(register, "lowland-2017-0001")))
    assert said.count("overdue") == is_overdue
    assert ("1 condition is overdue." in said[3]) == is_overdue


def test_a_person_is_named_with_the_subject(register: Importer) -> None:
    register.takes(*FOUNDED, asked("a"))
    found = gathered(register, "lowland-2017-0001")
    actor = found.moments[0].step.entry.actor
    assert actor.subject in lines(document(found)), "alone, if there is no name"
    named = document(replace(found, names={actor.person: "Ana"}))
    [said] = {each for each in lines(named) if each.startswith(f"{actor.subject}; ")}
    assert said == f"{actor.subject}; lowland, requester"


@pytest.mark.parametrize("word", ["0123456789abcdef" * 5, "W" * 200, "https://archive.example/" + "a" * 100])
def test_a_word_that_is_longer_than_a_line_stays_on_the_page(register: Importer, word: str) -> None:
    remark = line("a", "remarkOnDeploymentRequest", "2017-03-02", ASKS, {"reason": f"The file has sha256 {word}"})
    register.takes(*FOUNDED, asked("a", force=word[:200], purpose=f"Annex {word}"), remark)
    made = printed(register, "lowland-2017-0001")
    for page in typeset(encoded(made), 0, format="png", ppi=72.0):
        assert all(set(row[-MARGIN * RGBA :]) == {255} for row in pixels(page))


def test_bidirectional_text_does_not_affect_its_surroundings(register: Importer) -> None:
    register.takes(*FOUNDED, asked("a", purpose="EXERCISE \u202eforce \u2067x"))
    page = html(printed(register, "lowland-2017-0001")).decode()
    assert "EXERCISE \ufffdforce \ufffdx" in page
    assert not set(page) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_the_same_material_prints_the_same_bytes(register: Importer) -> None:
    register.reads(EXAMPLE)
    made, at = printed(register, "exercise-lowland-2017-0001"), now()
    assert html(made) == html(made)
    assert pdf(made, at) == pdf(made, at)
    content = pdf(made, at).content
    assert b"/StructTreeRoot" in content, "tagged, to be read aloud"
    assert b"pdfaid" in content
    assert re.search(rb"/JavaScript|/Launch|/URI|/EmbeddedFile", content) is None
    assert len(typeset(encoded(made), 0, format="png", ppi=20.0)) >= 3


def test_more_text_than_can_be_printed_is_refused(register: Importer) -> None:
    long = {"reason": "x" * 20_000}
    register.takes(
        *FOUNDED, asked("a"), *(line("a", "remarkOnDeploymentRequest", "2017-03-02", ASKS, long) for _ in range(260))
    )
    assert register.refused == []
    with pytest.raises(ExportRefused, match="more than 5 MB of text"):
        gathered(register, "lowland-2017-0001")


def test_a_deputy_is_named_for_their_principal(register: Importer) -> None:
    appoints = {
        "deputy": "ana", "authority": "lowland", "roles": ["REQUESTER"],
        "from": "2017-01-01T00:00:00Z", "until": "2018-01-01T00:00:00Z", **WHY,
    }  # fmt: skip
    appointed = line("lowland", "appointDeputy", "2017-01-02", {**ASKS, "subject": "ben"}, appoints)
    register.takes(FOUNDED[0], appointed, *FOUNDED[1:], {**asked("a"), "actor": {**ASKS, "onBehalfOf": "ben"}})
    made = printed(register, "lowland-2017-0001")
    said = [each for each in lines(made) if "ana" in each]
    assert said
    assert all("ana for ben" in each for each in said)
