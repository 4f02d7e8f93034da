"""A child that cannot be started for a moment is started a moment later."""

import sys
from pathlib import Path

import pytest

from service.processes.supervisor import supervised
from tests.waiting import until


@pytest.mark.faults
def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, ran = tmp_path / "program", tmp_path / "ran"
    monkeypatch.setattr(sys, "executable", str(program))
    with supervised():
        program.write_text(f"#!/bin/sh\ntouch {ran}\nexec sleep 60\n")
        program.chmod(0o700)
        until(ran.exists)
