"""What many inputs share. A field of an input that may be left out is described here once."""

from typing import Any

import strawberry


def expected_version() -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description="Refused with a VersionConflict where this is not the present version.",
    )


def idempotency_key() -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Of your choice. The same key with the same input gives the first outcome again, and nothing is recorded "
            "twice; with other input it is refused. 200 characters at most."
        ),
    )
