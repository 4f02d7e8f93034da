"""Long work is seen to go on, wherever it is looked at."""

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from service.cli import progress_bars
from service.cli.progress_bars import ProgressBoard, board


def test_progress_is_logged_at_intervals(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with board() as shown:
        shown.show("situation", 10, 100, "loading, 10%")
        monkeypatch.setattr(progress_bars, "PAUSE", 0.0)
        shown.show("situation", 20, 100, "loading, 20%")
        shown.say("situation: built")
    captured = capsys.readouterr()
    assert captured.err == "mandate: situation: loading, 20%\n"
    assert captured.out.strip() == "situation: built"


def test_progress_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bars, "PAUSE", 0.0)
    with Progress(TextColumn("{task.description} {task.fields[text]}"), console=Console(force_terminal=True)) as bars:
        shown = ProgressBoard(bars)
        shown.show("situation", 10, 100, "loading, 10%")
        shown.show("situation", 100, 100, "indexing, 100%")
    captured = capsys.readouterr()
    assert "mandate: " not in captured.out + captured.err
    assert "situation indexing, 100%" in captured.out
