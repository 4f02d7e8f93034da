"""Which commands of a request were recorded, in its response and errors: clients must not resend those commands."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

RecordedCommands = Mapping[str, int]
"""Recorded commands: response name to the position of the last event."""

NONE_RECORDED: Final[RecordedCommands] = {}


def command_extensions(recorded: RecordedCommands, not_executed: Iterable[str]) -> dict[str, Any]:
    """Extensions of a response: each recorded command with its position, and the commands that were not executed."""
    positions = [{"path": [name], "position": str(position)} for name, position in recorded.items()]
    others = [{"path": [name]} for name in not_executed]
    return {**({"recorded": positions} if positions else {}), **({"notExecuted": others} if others else {})}


def mark_recorded(error: dict[str, Any], recorded: RecordedCommands) -> dict[str, Any]:
    """The error with the recorded commands. An error without a path concerns the whole response."""
    if not recorded:
        return error
    path = error.get("path") or ([*recorded] if len(recorded) == 1 else ())
    position = recorded.get(str(path[0])) if path else None
    return _mark_others(error, recorded) if position is None else _mark_own(error, position)


def _mark_own(error: dict[str, Any], position: int) -> dict[str, Any]:
    """The command was recorded; a part of its response is missing."""
    message = (
        f"The command was recorded, up to position {position}. Do not send it again: read what it did with that "
        f"position as atLeast. This part of the answer is missing: {error['message']}"
    )
    extensions = {name: value for name, value in error["extensions"].items() if name != "retryAfter"}
    return {**error, "message": message, "extensions": {**extensions, "recorded": True, "position": str(position)}}


def _mark_others(error: dict[str, Any], recorded: RecordedCommands) -> dict[str, Any]:
    """This command failed after others of the same request were recorded, or the whole response failed."""
    others = ", ".join(f"{name} (up to position {position})" for name, position in recorded.items())
    message = f"{error['message']} Other commands of this request were recorded, do not send them again: {others}."
    positions = {name: str(position) for name, position in recorded.items()}
    return {**error, "message": message, "extensions": {**error["extensions"], "othersRecorded": positions}}
