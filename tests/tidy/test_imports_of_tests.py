"""Test modules share code through conftest and support modules, never by importing each other."""

import ast
from pathlib import Path

import pytest

from tests.tidy.repository import name, python_files


@pytest.mark.parametrize("path", python_files("tests", "benchmarks", "scripts"), ids=name)
def test_no_module_imports_a_test_module(path: Path) -> None:
    imported = [
        module
        for node in ast.walk(ast.parse(path.read_text()))
        for module in (
            [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    assert [module for module in imported if ".test_" in module] == []
