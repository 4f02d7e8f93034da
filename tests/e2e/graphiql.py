"""GraphiQL in a tab: its token, its editor and its answers."""

from tests.e2e.browser import Tab

RUN = "document.querySelector('.graphiql-execute-button')"
ANSWER = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
TABS = "[...document.querySelectorAll('.graphiql-tab-button')]"


def with_token(tab: Tab, token: str) -> None:
    tab.run(f"document.getElementById('token').value = '{token}'")
    tab.run("document.getElementById('token').dispatchEvent(new Event('change'))")
    tab.wait(f"{RUN} && {EDITOR}")


def ask(tab: Tab, operation: str) -> None:
    """Types an operation with a name, waits until GraphiQL has read it, and runs it."""
    tab.run(f"{EDITOR}.setValue({operation!r})")
    name = operation.split()[1]
    tab.wait(f"document.querySelector('.graphiql-tab-active').innerText.includes('{name}')")
    tab.run(f"{RUN}.click()")
