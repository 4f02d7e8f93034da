"""The short form of the soak: 6 seconds of load and kills."""

from pathlib import Path

import pytest

from tests.soak.ledger import Answer
from tests.soak.run import soak


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_missing_or_doubled_after_random_kills(tmp_path: Path) -> None:
    report = soak(tmp_path, 6, seed=7, number=3, warm_up=3)
    assert report.problems == []
    assert report.answers[Answer.RECORDED] > 50
