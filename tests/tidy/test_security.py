"""Each promise in SECURITY.md names a test that exists."""

import ast
import re

import pytest

from tests.tidy.repository import ROOT

PROMISES = re.findall(r"^\| (.+) \| `(tests/[\w/]+\.py)::(\w+)` \|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)


def test_there_are_promises() -> None:
    section = (ROOT / "SECURITY.md").read_text().partition("## Promises")[2].partition("\n## ")[0]
    assert len(PROMISES) == section.count("\n|") - 2 > 10


@pytest.mark.parametrize(("promise", "file", "name"), PROMISES, ids=[name for _, _, name in PROMISES])
def test_the_test_of_a_promise_exists(promise: str, file: str, name: str) -> None:
    path = ROOT / file
    assert path.exists(), promise
    functions = {each.name for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}
    assert name in functions, promise
