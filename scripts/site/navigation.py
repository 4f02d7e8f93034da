"""The navigation: for each kind of user what they need, then everything else."""

from collections.abc import Iterable
from typing import Any, Final

START: Final = (
    "index.md",
    "start/official.md",
    "start/reviewer.md",
    "start/auditor.md",
    "start/operator.md",
    "start/developer.md",
)
SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "Begin": START,
    "Use": (
        "overview.md", "glossary.md", "lifecycle.md", "visibility.md", "deputies.md", "succession.md", "regions.md",
        "dossier.md", "exports.md", "import.md",
    ),
    "Integrate": (
        "quickstarts/index.md", "quickstarts/curl.md", "quickstarts/python.md", "quickstarts/typescript.md",
        "quickstarts/apollo.md", "quickstarts/relay.md", "rest.md", "trusted-documents.md", "subscriptions.md",
        "integration.md",
    ),
    "Reference": ("reference/errors.md", "reference/commands.md", "reference/events.md", "reference/schema.md"),
    "Operate": ("operations/index.md",),
    "Develop": ("CONTRIBUTING.md", "architecture.md", "testing.md"),
    "Decisions": ("decisions/index.md",),
    "About": ("CHANGELOG.md", "SECURITY.md"),
}  # fmt: skip
FOLDERS: Final = {
    "examples/": "Use",
    "operations/": "Operate",
    "decisions/": "Decisions",
    "reference/": "Reference",
    "start/": "Begin",
}


def navigation(pages: Iterable[str]) -> list[dict[str, Any]]:
    """Sections with their pages. A page without a place goes to the section of its folder, or to Develop."""
    placed = {name: list(listed) for name, listed in SECTIONS.items()}
    known = {page for listed in placed.values() for page in listed}
    for page in pages:
        if page not in known and not page.startswith("files/"):
            section = next((name for folder, name in FOLDERS.items() if page.startswith(folder)), "Develop")
            placed[section].append(page)
    return [{name: listed} for name, listed in placed.items()]
