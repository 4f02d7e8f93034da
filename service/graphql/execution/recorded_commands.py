"""Errors of a request of which commands were recorded: they say so, and never ask to send those commands again."""

from collections.abc import Mapping
from typing import Any, Final

RecordedCommands = Mapping[str, int]
"""Commands that were recorded: their response names, each with the position of its last event."""

NONE_RECORDED: Final[RecordedCommands] = {}


def mark_recorded(error: dict[str, Any], recorded: RecordedCommands) -> dict[str, Any]:
    """The error as it is told. An error without a path concerns the whole answer."""
    if not recorded:
        return error
    path = error.get("path") or [*recorded][:1]
    position = recorded.get(str(path[0]))
    return _of_others(error, recorded) if position is None else _of_its_own(error, position)


def _of_its_own(error: dict[str, Any], position: int) -> dict[str, Any]:
    """The command was recorded, and a part of its answer cannot be told."""
    message = (
        f"The command was recorded, up to position {position}. Do not send it again: read what it did with that "
        f"position as atLeast. This part of the answer is missing: {error['message']}"
    )
    extensions = {name: value for name, value in error["extensions"].items() if name != "retryAfter"}
    return {**error, "message": message, "extensions": {**extensions, "recorded": True, "position": str(position)}}


def _of_others(error: dict[str, Any], recorded: RecordedCommands) -> dict[str, Any]:
    """This command failed after others of the same request were recorded."""
    others = ", ".join(f"{name} (up to position {position})" for name, position in recorded.items())
    message = f"{error['message']} Other commands of this request were recorded, do not send them again: {others}."
    positions = {name: str(position) for name, position in recorded.items()}
    return {**error, "message": message, "extensions": {**error["extensions"], "othersRecorded": positions}}
