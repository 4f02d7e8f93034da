"""Inputs of the commands on authorities and mandates. Fields match those of the domain's commands."""

from datetime import datetime

import strawberry

from service.graphql.schema.input_fields import CommandInput


@strawberry.input
class RegisterAuthorityInput(CommandInput):
    code: str = strawberry.field(
        description="2 to 32 lower-case letters, digits and single hyphens, starting with a letter: 'kfor'."
    )
    name: str


@strawberry.input
class AuditingAuthorityInput(CommandInput):
    authority: str = strawberry.field(description="Its code.")
    audits_everything: bool = strawberry.field(
        description="Whether its auditors see everything but what is marked RED, or only what concerns the authority."
    )
    reason: str


@strawberry.input
class GrantMandateInput(CommandInput):
    authority: str = strawberry.field(description="The code of the authority that decides.")
    region: str = strawberry.field(description="A path from the largest area down: 'xk/north/zubin-potok'.")
    legal_basis: str
    endorsements_required: int = strawberry.field(default=1, description="1 to 10.")
    valid_from: datetime | None = strawberry.field(default=strawberry.UNSET, description="Now by default.")
    valid_until: datetime | None = strawberry.UNSET
    deliberations_internal: bool | None = strawberry.field(default=strawberry.UNSET, description="True by default.")
    answer_within_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 366; left out: requests have no time limit."
    )
    hearing: bool | None = strawberry.field(default=strawberry.UNSET, description="False by default.")


@strawberry.input
class EndMandateInput(CommandInput):
    authority: str
    region: str
    reason: str
    at: datetime | None = strawberry.field(default=strawberry.UNSET, description="Now by default.")
