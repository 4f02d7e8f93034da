"""Input fields that many inputs share, with their descriptions."""

from typing import Any

import strawberry


def expected_version() -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description="The current version; if it is another one, the command is refused with a VersionConflict.",
    )


def idempotency_key() -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Of your choice. The same key with the same input returns the first outcome and records nothing "
            "again; with other input it is refused. 200 characters at most."
        ),
    )
