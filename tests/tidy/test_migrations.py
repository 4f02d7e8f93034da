"""The migrations are one line, so that two that were written side by side are put in order."""

import re

from tests.tidy.repository import ROOT


def test_each_migration_follows_the_one_before_it() -> None:
    before: str | None = None
    for path in sorted((ROOT / "alembic" / "versions").glob("*.py")):
        found = re.search(r'^down_revision = (?:None|"(\w+)")$', path.read_text(), re.MULTILINE)
        assert found is not None, path.name
        assert found[1] == before, f"{path.name} follows {found[1]}, not {before}"
        before = path.stem


def test_columns_are_declared_as_postgresql_15_reads_them() -> None:
    """It accepts SET STORAGE in ALTER TABLE only."""
    texts = [path.read_text() for path in (ROOT / "alembic" / "versions").glob("*.py")]
    assert [found for text in texts for found in re.findall(r".*(?<!SET) STORAGE EXTERNAL.*", text)] == []
