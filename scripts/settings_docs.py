"""Prints docs/operations/settings.md: every setting, from the declarations, those of messages last."""

import sys
from typing import Any, Final

from service.settings import Settings, variable

HEAD: Final = """# Settings

Environment variables, read once per process at start-up. A variable that starts with `MANDATE_` and is not in this list
is refused, with the closest name. Times are in seconds. [Limits](limits.md) says what happens above each limit.

| variable | default | meaning |
|---|---|---|
"""


def page() -> str:
    properties = Settings.model_json_schema()["properties"]
    return HEAD + "".join(
        f"| `{variable(name)}` | {_default(declared)} | {declared['description']}{_range(declared)} |\n"
        for name, declared in sorted(properties.items(), key=lambda each: each[0] not in Settings.__annotations__)
    )


def _default(declared: dict[str, Any]) -> str:
    default = declared["default"]
    if default is None or default == "":
        return ""
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`".lower()


def _range(declared: dict[str, Any]) -> str:
    """The bounds of a number, in words."""
    bounds = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
    }
    found = [text.format(f"{declared[key]:,g}") for key, text in bounds.items() if key in declared]
    return f" {', '.join(found).capitalize()}." if found else ""


if __name__ == "__main__":
    sys.stdout.write(page())
