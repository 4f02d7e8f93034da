"""A dossier tells all that its reader may see of a request, and nothing else, whatever the request."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import DEPLOYMENT_REQUEST
from domain.vocabulary import SYSTEM, Actor, Marking
from projections.rows.api_terms import payload
from service.exchange.dossier.html_renderer import html
from service.exchange.dossier.pdf_renderer import pdf
from service.exchange.dossier.phrases import CONFIDENCES, LIKELIHOODS
from tests.databases import Databases
from tests.service.exchange.dossier.pages import Page, gathered, lines, printed
from tests.service.exchange.exports.bearers import BEARERS, seen_by, texts_in
from tests.service.exchange.exports.exporter import Exporter, UniqueTexts, filled

GRADES = {*LIKELIHOODS.values()}
SOUND = {*CONFIDENCES.values()}

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "p", "h1", "h2",
    "h3", "span", "dl", "dt", "dd", "table", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "ul", "li",
    "figure", "svg", "circle", "text", "path", "rect",
}  # fmt: skip
FETCHING = {"src", "href", "data", "action", "poster", "srcset", "xlink:href", "background"}


@pytest.fixture(scope="module")
def register(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    with (
        databases.fresh() as urls,
        filled(urls, tmp_path_factory.mktemp("dossiers"), UniqueTexts(21, markings=True), 300) as made,
    ):
        made.world.apply()
        yield made


@pytest.mark.parametrize("bearer", BEARERS, ids=lambda bearer: bearer.authority)
def test_a_dossier_contains_exactly_what_its_reader_may_see(register: Exporter, bearer: Actor) -> None:
    middle = register.log[2 * len(register.log) // 3].recorded_at
    for as_of in (None, middle):
        seen = seen_by(register, bearer, as_of)
        for request in visible(register, bearer, as_of):
            content = html(printed(register, request, bearer, as_of)).decode()
            texts = visible_texts(register, request, bearer, as_of)
            assert texts
            assert [text for text in seen.hidden if text in content] == []
            assert [text for text in texts if text not in content] == []


def test_the_operators_dossier_contains_every_text(register: Exporter) -> None:
    for request in register.states(DEPLOYMENT_REQUEST):
        content = html(printed(register, request)).decode()
        own = [recorded for recorded in register.log if recorded.stream == request]
        texts = {text for recorded in own for text in texts_in(payload(recorded.event))}
        assert [text for text in texts if text not in content] == []


def test_likelihood_and_confidence_never_stand_in_one_sentence(register: Exporter) -> None:
    for request in register.states(DEPLOYMENT_REQUEST):
        for line in lines(printed(register, request)):
            lower = line.lower()
            assert not ("likelihood" in lower and "confidence" in lower), line
            assert not ("confidence" in lower and any(grade in lower for grade in GRADES)), line
            assert not ("likelihood" in lower and any(grade in lower.split() for grade in SOUND)), line


def test_every_request_can_be_printed_as_html_and_as_pdf(register: Exporter) -> None:
    requests = list(register.states(DEPLOYMENT_REQUEST))
    for request in requests:
        page = Page(html(printed(register, request)))
        assert page.tags <= ALLOWED
        assert [value for name, value in page.attributes if name.startswith("on") or name in FETCHING] == []
    for request in requests[::6]:
        material = gathered(register, request)
        assert pdf(printed(register, request), material.printed.at).content.startswith(b"%PDF-")


def test_nothing_is_reported_that_was_recorded_after_the_instant(register: Exporter) -> None:
    for request in register.states(DEPLOYMENT_REQUEST):
        own = [recorded for recorded in register.log if recorded.stream == request]
        before = [recorded for recorded in register.log if recorded.position <= own[0].position]
        later, known = (
            {text for recorded in some for text in texts_in(payload(recorded.event))} for some in (own[1:], before)
        )
        content = html(printed(register, request, SYSTEM, own[0].recorded_at)).decode()
        assert [text for text in later - known if text in content] == []


def test_pages_carry_the_marking_in_force_also_of_an_earlier_state(register: Exporter) -> None:
    raised = 0
    for request, state in register.states(DEPLOYMENT_REQUEST).items():
        opening = next(recorded for recorded in register.log if recorded.stream == request)
        page = printed(register, request, SYSTEM, opening.recorded_at)
        assert Marking(page.marking.replace(" ", "_")).strictness >= state.marking.strictness
        raised += state.marking.strictness > opening.event.marking.strictness
    assert raised


def visible(register: Exporter, bearer: Actor, as_of: Any) -> list[UUID]:
    scope, visibility = register.scope(bearer, as_of)
    known = visibility.of(register.states(DEPLOYMENT_REQUEST, scope.end))
    return [stream for stream, seen in known.items() if seen.visible]


def visible_texts(register: Exporter, request: UUID, bearer: Actor, as_of: Any) -> set[str]:
    """The texts of the request and of its incidents that the bearer may read."""
    material = gathered(register, request, bearer, as_of)
    every = [*material.moments, *(moment for each in material.incidents for moment in each.moments)]
    return {text for moment in every for text in texts_in(moment.step.shown.payload)}
