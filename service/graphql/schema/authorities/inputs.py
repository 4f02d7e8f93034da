"""Inputs of the commands on authorities and mandates. Fields match those of the domain's commands."""

from datetime import datetime

import strawberry

from domain.vocabulary import Role
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


PERSON = "A subject of your issuer, or 'person:ISSUER|SUBJECT'."


@strawberry.input
class AppointDeputyInput(CommandInput):
    principal: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"For whom the deputy acts: you, if left out. {PERSON}"
    )
    deputy: str = strawberry.field(description=PERSON)
    authority: str = strawberry.field(description="The code of your own authority, for which both act.")
    roles: list[Role] = strawberry.field(
        description="Those in which the deputy acts; they need each one themselves too. AUDITOR and OBSERVER only give "
        "sight, which no deputy gains."
    )
    from_: datetime = strawberry.field(name="from")
    until: datetime = strawberry.field(description="Exclusive.")
    reason: str


@strawberry.input
class EndDeputyInput(CommandInput):
    principal: str | None = strawberry.field(default=strawberry.UNSET, description=f"You, if left out. {PERSON}")
    deputy: str = strawberry.field(description=PERSON)
    authority: str = strawberry.field(description="The code of your own authority.")
    reason: str
