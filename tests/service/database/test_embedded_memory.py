"""How much memory the embedded server may keep of its data."""

import os
from pathlib import Path

import pytest

from service.database.embedded.memory import shared_buffers

GIGABYTE = 1024**3


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 8 GB."""
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 8 * GIGABYTE // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (None, "2048MB"),
        ("max", "2048MB"),
        (str(4 * GIGABYTE), "1024MB"),
        (str(GIGABYTE // 4), "128MB"),
        ("9223372036854771712", "2048MB"),
    ],
)
@pytest.mark.usefixtures("machine")
def test_shared_buffers_is_a_quarter_of_the_memory_or_of_the_container_limit(
    limit: str | None, kept: str, tmp_path: Path
) -> None:
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(f"{limit}\n")
    assert shared_buffers([file]) == kept


def test_shared_buffers_is_at_most_four_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 512 * GIGABYTE // 4096}.__getitem__)
    assert shared_buffers([]) == "4096MB"
