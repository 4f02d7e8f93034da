"""A name of a module or class says which one it is."""

import ast
from collections import defaultdict
from pathlib import Path

from tests.tidy.repository import ROOT, SOURCE, name, python_files

AREAS = ROOT / "service" / "graphql" / "schema"
"""The packages in it have files of the same names, one for each kind of definition."""


def test_no_two_modules_have_one_name() -> None:
    places = defaultdict(list)
    for path in python_files("projections", "service"):
        if not path.stem.startswith("__") and path.parent.parent != AREAS:
            places[path.stem].append(name(path))
    assert _repeated(places) == {}


def test_no_two_classes_of_a_layer_have_one_name() -> None:
    for layer in SOURCE:
        places = defaultdict(list)
        for path in python_files(layer):
            for each in _classes(path):
                places[each].append(name(path))
        assert _repeated(places) == {}


def _classes(path: Path) -> list[str]:
    return [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def _repeated(places: dict[str, list[str]]) -> dict[str, list[str]]:
    return {each: found for each, found in places.items() if len(found) > 1}
