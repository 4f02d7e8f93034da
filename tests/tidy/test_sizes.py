"""Nothing is longer than one can hold in the head."""

import ast

from tests.tidy.repository import name, python_files

LINES_A_FILE = 300
LINES_A_FUNCTION = 70


def test_no_file_is_longer_than_its_reader_can_bear() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in python_files()}
    assert {path: lines for path, lines in lengths.items() if lines > LINES_A_FILE} == {}


def test_every_function_fits_on_a_page() -> None:
    too_long = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines >= LINES_A_FUNCTION:
                    too_long.append(f"{name(path)}:{node.lineno} {node.name}: {lines} lines")
    assert too_long == []
