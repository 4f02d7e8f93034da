"""GraphiQL in a real browser: before a token, with one, live, in a narrow window, and after the tab is closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli.demo.case import DemoCase
from tests.e2e.browser import Browser, browser
from tests.e2e.graphiql import ANSWER, EDITOR, RUN, TABS, ask, with_token
from tests.e2e.serving import Served

BEYOND = """[...document.querySelectorAll('body *')].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && !each.closest('.CodeMirror, .graphiql-session-header');
}).map((each) => each.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def test_the_first_view_says_what_to_do(opened: Browser, served: Served) -> None:
    tab = opened.tab(f"{served.url}/graphql")
    said = tab.shows()
    assert "Paste a token to begin." in said
    assert "mandate token --subject" in said
    assert tab.run("document.querySelector('.graphiql-container')") is None
    with_token(tab, served.token("reviewer", "kfor", "reviewer"))
    assert "reviewer for kfor: reviewer" in tab.shows()
    assert "Try the API here" not in tab.shows()
    tab.run("document.getElementById('token').value = 'none'")
    tab.run("document.getElementById('token').dispatchEvent(new Event('change'))")
    tab.wait("document.body.innerText.includes('Try the API here')")
    assert tab.run("document.querySelector('.graphiql-container')") is None
    tab.close()


def test_the_examples_of_the_readme_are_its_tabs(opened: Browser, served: Served, demo_case: DemoCase) -> None:
    tab = opened.tab(f"{served.url}/graphql")
    with_token(tab, served.token("reviewer", "kfor", "reviewer"))
    titles = tab.run(f"{TABS}.map((each) => each.innerText)")
    assert titles[:3] == ["RegisterAuthority", "SubmitDeploymentRequest", "BeginReview"]
    assert titles[-1] == "EventsRecorded"
    assert "<untitled>" not in titles
    tab.run(f"{TABS}.find((each) => each.innerText === 'Inbox').click()")
    tab.wait(f"{EDITOR}.getValue().includes('query Inbox')")
    tab.run(f"{RUN}.click()")
    sent_too_early = f"{ANSWER}.includes('has no operation')"  # GraphiQL may still name the operation of the tab before
    tab.wait(f"({sent_too_early} && {RUN}.click(), {ANSWER}.includes('totalCount'))")
    tab.close()


def test_a_subscription_runs_and_is_stopped(opened: Browser, served: Served, demo_case: DemoCase) -> None:
    tab = opened.tab(f"{served.url}/graphql")
    with_token(tab, served.token("reviewer", "kfor", "reviewer"))
    ask(tab, 'subscription Live { eventsRecorded(after: "0", types: ["RequestSubmitted"]) { type position } }')
    tab.wait(f"{ANSWER}.includes('RequestSubmitted')")
    tab.run(f"{RUN}.click()")
    tab.wait("document.querySelector('.graphiql-spinner') === null")
    ask(tab, 'subscription Unseen { deploymentRequestChanged(id: "none") { reference } }')
    tab.wait(f"{ANSWER}.includes('errors')")
    tab.close()


@pytest.mark.parametrize("width", [420, 1280])
def test_nothing_is_cut_off(opened: Browser, served: Served, demo_case: DemoCase, width: int, tmp_path: Path) -> None:
    tab = opened.tab(f"{served.url}/graphql", width, 800)
    assert tab.run(BEYOND) == []
    with_token(tab, served.token("reviewer-with-a-long-name-for-a-narrow-window", "kfor", "reviewer", "approver"))
    assert tab.run(BEYOND) == []
    ask(tab, "query Listed { deploymentRequests { edges { node { reference purpose } } } }")
    tab.wait(f"{ANSWER}.includes('reference')")
    tab.picture(tmp_path / "page.png")
    for pane in (".graphiql-query-editor .CodeMirror", ".result-window .CodeMirror"):
        box = tab.run(f"document.querySelector('{pane}').getBoundingClientRect().toJSON()")
        assert box["width"] >= (0.6 if width < 720 else 0.3) * width
        assert box["height"] >= 200
    tab.close()


def test_nothing_stays_after_the_tab(opened: Browser, served: Served) -> None:
    """But what it asked is there while it is open."""
    token = served.token("reviewer", "kfor", "reviewer")
    tab = opened.tab(f"{served.url}/graphql")
    tab.run("localStorage.setItem('graphiql:queries', 'of an earlier version')")
    tab.call("Page.reload")
    tab.wait("document.readyState === 'complete' && document.getElementById('token')")
    with_token(tab, token)
    ask(tab, "query Asked { viewer { subject } }")
    tab.wait(f"{ANSWER}.includes('viewer')")
    assert tab.run("JSON.stringify(localStorage)") == "{}"
    assert tab.run("Object.keys(sessionStorage).join()") == "mandate.token"
    assert tab.run("indexedDB.databases().then((all) => all.length)") == 0
    tab.close()
    again = opened.tab(f"{served.url}/graphql")
    assert again.run("JSON.stringify([localStorage, sessionStorage])") == "[{},{}]"
    assert "Paste a token to begin." in again.shows()
    again.close()
