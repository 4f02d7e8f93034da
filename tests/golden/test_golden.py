"""What was ever stored can be read, and what is stored today is stored the same way tomorrow."""

from pathlib import Path

import pytest

from domain import catalogue
from tests.golden.samples import FOLDER, Golden, again, mapper

FILES = sorted(FOLDER.glob("*.json"))
PRESENT = [FOLDER / f"{name}.v{schema}.json" for name, schema in sorted(catalogue.SCHEMAS.items())]


@pytest.mark.parametrize("name", sorted(catalogue.EVENTS))
def test_every_version_of_every_event_has_a_golden_file(name: str) -> None:
    missing = [v for v in range(1, catalogue.SCHEMAS[name] + 1) if not (FOLDER / f"{name}.v{v}.json").exists()]
    assert not missing, f"{name}: no golden file for schema {missing}; `make generate` adds that of the present one"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_can_be_read_with_all_its_texts(file: Path) -> None:
    assert mapper(bytes).decode(Golden.read(file).row).erased == ()


@pytest.mark.parametrize("file", PRESENT, ids=lambda file: file.stem)
def test_it_is_stored_again_byte_for_byte(file: Path) -> None:
    golden = Golden.read(file)
    encoded = again(golden)
    assert encoded.state == golden.state, "stored names and fields are never edited: add a schema and an upcaster"
    assert encoded.texts == golden.texts
