"""Settings from the environment: names and values that are refused."""

import pytest

from service.errors import Misconfigured
from service.settings import Settings


def test_an_unknown_setting_is_refused_with_the_closest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_DATABASE_ULR", "postgresql://localhost/mandate")
    with pytest.raises(
        Misconfigured, match=r"^MANDATE_DATABASE_ULR is not a setting; did you mean MANDATE_DATABASE_URL"
    ):
        Settings.from_environment()


def test_an_unknown_setting_that_resembles_none_is_refused_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("mandate_zzzzzzzzzzzzzzzz", "1")
    with pytest.raises(Misconfigured, match=r"docs/operations/settings.md"):
        Settings.from_environment()


def test_the_token_of_the_command_line_is_no_unknown_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_TOKEN", "x")
    assert Settings.from_environment().port


def test_an_impossible_value_is_refused_with_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_VIEW_TIMEOUT", "0")
    with pytest.raises(Misconfigured, match=r"^MANDATE_VIEW_TIMEOUT: Input should be greater than 0"):
        Settings.from_environment()
