"""Whose inbox it is: a person, and the principals for whom they act as a deputy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.deputies import Deputies
from domain.incident.commands import CONTRIBUTORS
from domain.vocabulary import Actor, Person, Role
from projections.reading.filter_shape import Shape, shape_of
from projections.reading.list_queries import outermost
from projections.views.inbox_table import person_id


@dataclass(frozen=True, slots=True)
class Places:
    """held: the outermost regions over which the authority holds a mandate."""

    held: Sequence[str]


class Form(NamedTuple):
    """Which lists there are. own: for the actor, in these roles. lent: for their principals. decides: on places that
    their authority decides on. places: the shape of `Places`."""

    own: bool
    roles: tuple[str, ...]
    lent: bool
    decides: bool
    places: Shape

    @property
    def deciding(self) -> tuple[str, ...]:
        """The own roles in which there is a place that they might decide on."""
        return self.roles if self.decides else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whose inbox it is. holds: the regions over which the actor's authority holds a mandate at the instant; others:
    the regions within these over which other authorities do.

    principals: for whom they act as a deputy then, each with the roles. themselves: whether it lists what waits for
    the actor.
    """

    actor: Actor
    holds: tuple[str, ...]
    others: tuple[str, ...] = ()
    principals: tuple[tuple[Person, tuple[Role, ...]], ...] = ()
    themselves: bool = True

    @property
    def roles(self) -> tuple[str, ...]:
        """Those that something may wait for: one list each."""
        return tuple(sorted({role.value for role in self.actor.roles})) or ("",)

    @property
    def values(self) -> Mapping[str, object]:
        lent = [(person_id(person), role.value) for person, roles in self.principals for role in roles]
        return {
            "own_authority": self.actor.authority,
            "own_id": person_id(self.actor.person),
            "holds": list(self.holds),
            **self._places[1],
            "others": list(self.others),
            "principals": [person for person, _ in lent],
            "lent_roles": [role for _, role in lent],
            "lenders": [person_id(person) for person, roles in self.principals if roles],
            "finders": [person_id(person) for person, roles in self.principals if Role.INVESTIGATOR in roles],
            "answerers": [
                person_id(person) for person, roles in self.principals if not set(CONTRIBUTORS).isdisjoint(roles)
            ],
        }

    @property
    def form(self) -> Form:
        lent = bool(self.principals) or not self.themselves
        roles = self.roles if self.themselves else ()
        return Form(self.themselves, roles, lent, decides=bool(self.holds), places=self._places[0])

    @property
    def _places(self) -> tuple[Shape, Mapping[str, object]]:
        return shape_of(Places(outermost(self.holds)), ("held",), {})

    def principal(self, id: UUID | None) -> Person | None:
        return next((person for person, _ in self.principals if person_id(person) == id), None)


def principals(
    actor: Actor, deputies: Deputies | None, now: datetime, is_blocked: Callable[[Person], bool]
) -> tuple[tuple[Person, tuple[Role, ...]], ...]:
    """For whom the actor acts as a deputy, in the roles that the appointment and the actor both have."""
    lent = deputies.lent_to(actor.person, now) if deputies else ()
    return tuple(
        (each.principal, tuple(role for role in actor.roles if role in each.roles))
        for each in lent
        if not is_blocked(each.principal)
    )
