"""Help as plain text of the terminal's width: no word is cut, and Rich is not imported for it."""

from typing import Any, Final

from typer.core import TyperGroup

SETTINGS: Final = {"max_content_width": 120}


class PlainGroup(TyperGroup):
    """A group whose commands are listed by their panels, each with the whole first paragraph of its help."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            panel = getattr(command, "rich_help_panel", None)
            said = (command.help or "").partition("\n\n")[0]
            panels.setdefault(panel if isinstance(panel, str) else "Commands", []).append((name, said))
        for panel, listed in panels.items():
            with formatter.section(panel):
                formatter.write_dl(listed)
