"""Input fields that many inputs share, with their descriptions."""

import strawberry

from domain.vocabulary import Marking


@strawberry.input
class CommandInput:
    """Input of a command that opens a stream, or needs no expected version."""

    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Of your choice. The same key with the same input returns the first outcome and records nothing "
            "again; with other input it is refused. 200 characters at most."
        ),
    )
    on_behalf_of: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The principal for whom you act as a deputy: a subject of your issuer, or 'person:ISSUER|SUBJECT'. This "
            "takes an appointment that is valid now. You act in the roles that it names and that you have yourself, "
            "and see what you see without it."
        ),
    )


@strawberry.input
class ChangeInput(CommandInput):
    """Input of a command on an existing subject."""

    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The current version; if it is another one, the command is refused with a VersionConflict.",
    )


@strawberry.input(
    description=(
        "Marking or recipients left out: as they are. Those who decide may raise a marking. Lowering it, or naming "
        "more recipients, takes two: the author's side proposes it, and an approver accepts it with the same command."
    )
)
class ChangeMarkingInput(ChangeInput):
    id: strawberry.ID
    marking: Marking | None = strawberry.UNSET
    recipients: list[str] | None = strawberry.UNSET
    reason: str
