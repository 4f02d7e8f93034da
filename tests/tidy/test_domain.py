"""The ground floor: the standard library alone, no clock, no chance, no input or output."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.repository import name, python_files

WORLD = {
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
CLOCKS_AND_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "open", "print", "input"}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


@pytest.mark.parametrize("path", python_files("domain"), ids=name)
def test_the_domain_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    roots = {module.split(".")[0] for module in imports(tree)}
    assert roots - sys.stdlib_module_names - {"domain"} == set()
    assert roots & WORLD == set()
    assert set(calls(tree)) & CLOCKS_AND_CHANCE == set()
