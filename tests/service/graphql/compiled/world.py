"""A small schema with everything that a document may ask for, and objects at hand whose resolvers may fail."""

import enum
import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, NewType, cast

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER, Identity
from service.graphql.execution.field_charges import charge
from service.graphql.schema.context import Context, Services
from service.graphql.schema.scalars import SCALARS
from service.graphql.schema.shown import shown

Anything = NewType("Anything", object)
STRANGE: Final = object()
NOW: Final = datetime(2024, 11, 29, 18, tzinfo=UTC)


class Fault(Exception):
    """A resolver fails."""


@strawberry.enum
class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


@strawberry.input
class Wanted:
    colours: list[Colour] | None = strawberry.UNSET
    least: int = 0
    inner: "Wanted | None" = strawberry.UNSET


@strawberry.interface
class Named:
    made: strawberry.Private["Made"]
    id: strawberry.ID
    name: str

    @strawberry.field
    async def kin(self, first: int = 2) -> list["Named"]:
        return cast("list[Named]", self.made.found(f"kin{first}", lambda made: [made.named() for _ in range(first)]))

    @strawberry.field
    def label(self, upper: bool = False, prefix: str | None = None) -> str | None:
        text = self.made.found(f"label{upper}", lambda _: f"{prefix or ''}{self.name}")
        return text.upper() if upper and isinstance(text, str) else cast("str | None", text)


@strawberry.type
class Leaf(Named):
    size: int
    weight: float | None
    tags: list[str | None]
    colour: Colour | None
    at: datetime
    extra: Anything | None


@strawberry.type
class Branch(Named):
    leaves: list[Leaf | None]
    first_leaf: Leaf | None
    grid: list[list[int]] | None
    is_dry: bool
    seed: int = shown("made.seed", "An attribute of an attribute.")
    twice: str = shown(lambda of: of.name + of.name)

    @strawberry.field
    async def parts(
        self, wanted: Wanted | None = None, first: int = 3
    ) -> list[Annotated["Leaf | Branch | Stone", strawberry.union("Thing")]]:
        least = wanted.least if wanted else 0
        return cast(
            "list[Any]",
            self.made.found(f"parts{first}", lambda made: [made.thing() for _ in range(min(first, 3) + (least > 1))]),
        )

    @strawberry.field
    async def mother(self) -> Named | None:
        return cast("Named | None", self.made.found("mother", Made.named))


@strawberry.type
class Stone:
    mass: int
    colour: Colour
    near: "Stone | None" = None


Thing = Annotated[Leaf | Branch | Stone, strawberry.union("Thing")]


@strawberry.type
class Added:
    total: int
    branch: Branch | None


@strawberry.type
class Refused:
    why: str


Outcome = Annotated[Added | Refused, strawberry.union("Outcome")]


@dataclass
class Made:
    """Makes objects from a seed. faults: the share of values and resolvers that are not as declared. root: what root
    fields find instead; an exception is raised."""

    seed: int
    faults: float = 0.0
    depth: int = 0
    calls: list[str] = field(default_factory=list)
    root: Any = None
    _found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def found(self, name: str, make: Callable[["Made"], Any]) -> Any:
        """What a resolver finds: the same each time it is asked, in any order."""
        chance = random.Random(f"{self.seed} {name}")
        if chance.random() < self.faults:
            if chance.random() < 0.6:
                raise Fault(f"{name} fails")
            return chance.choice([None, 7, "text", [None]])
        if name not in self._found:
            self._found[name] = make(self.within(chance))
        return self._found[name]

    def bad(self, value: Any) -> Any:
        if self.chance.random() >= self.faults:
            return value
        return self.chance.choice([None, "", 2**40, STRANGE, [None], [1, "a"], Fault("value"), True, 1.5, {}])

    def within(self, chance: random.Random) -> "Made":
        return Made(chance.randrange(10**9), self.faults, self.depth + 1, self.calls)

    def named(self) -> Named:
        return self.leaf() if self.depth > 3 or self.chance.random() < 0.5 else self.branch()

    def thing(self) -> Any:
        return self.chance.choice([self.stone, self.named])()

    def stone(self) -> Stone:
        near = self.stone() if self.chance.random() < 0.3 else None
        return Stone(
            mass=self.bad(self.chance.randrange(99)), colour=self.bad(self.chance.choice([*Colour])), near=near
        )

    def leaf(self) -> Leaf:
        made, chance = self.within(self.chance), self.chance
        return Leaf(
            made=made,
            id=self.bad(strawberry.ID(str(made.seed))),
            name=self.bad(chance.choice(["oak", "Öl", "ash"])),
            size=self.bad(chance.randrange(-5, 5)),
            weight=self.bad(chance.choice([None, 1.5, 0.1])),
            tags=self.bad([chance.choice([None, "a", "ß"]) for _ in range(chance.randrange(4))]),
            colour=self.bad(chance.choice([None, *Colour])),
            at=self.bad(NOW + timedelta(seconds=chance.randrange(10**6))),
            extra=self.bad(chance.choice([None, {"a": [1, "b"]}, 3, ["x"]])),
        )

    def branch(self) -> Branch:
        made, chance = self.within(self.chance), self.chance
        leaves = [self.leaf() if chance.random() < 0.8 else None for _ in range(chance.randrange(3))]
        return Branch(
            made=made,
            id=self.bad(strawberry.ID(str(made.seed))),
            name=self.bad("branch"),
            leaves=self.bad(leaves),
            first_leaf=self.bad(leaves[0] if leaves else None),
            grid=self.bad(chance.choice([None, [], [[1], [], [2, 3]]])),
            is_dry=self.bad(chance.random() < 0.5),
        )


@dataclass(slots=True)
class WorldContext(Context):
    made: Made = field(default_factory=lambda: Made(0))


Info = strawberry.Info[WorldContext, None]


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: Info) -> Branch:
        return cast("Branch", _called(info, Made.branch))

    @strawberry.field
    async def named(self, info: Info, id: strawberry.ID | None = None) -> Named | None:
        return cast("Named | None", _called(info, Made.named))

    @strawberry.field
    async def things(self, info: Info, first: int = 2, wanted: Wanted | None = None) -> list[Thing]:
        return cast("list[Any]", _called(info, lambda made: [made.thing() for _ in range(min(first, 4))]))

    @strawberry.field
    async def count(self, info: Info) -> int:
        return cast("int", _called(info, lambda made: made.bad(3)))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, info: Info, number: int = 1) -> Outcome:
        def added(made: Made) -> Added | Refused:
            return Refused(why="too much") if number > 5 else Added(total=number, branch=made.branch())

        return cast("Added | Refused", _called(info, added))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def branches(self, info: Info, number: int = 3) -> AsyncGenerator[Branch, None]:
        for _ in range(number):
            yield info.context.made.branch()


def _called(info: Info, make: Callable[[Made], Any]) -> Any:
    """What the field finds, by its response key. Records the call."""
    key = str(info.path.key)
    made = info.context.made
    made.calls.append(key)
    if isinstance(made.root, Exception):
        raise made.root
    return made.found(key, make) if made.root is None else made.root


ANYTHING: Final[dict[object, ScalarDefinition]] = {
    Anything: strawberry.scalar(name="Anything", serialize=lambda value: value, parse_value=lambda value: value)
}
schema: Final = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Leaf, Branch],
    config=StrawberryConfig(scalar_map={**SCALARS, **ANYTHING}),
)
core: Final = schema._schema
charge(core)


def context(made: Made, executions: list[str] | None = None) -> WorldContext:
    actor = Actor(issuer=ISSUER, subject=Subject("ana"), authority=AuthorityCode("alder"), roles=(Role.REVIEWER,))
    absent = cast("Any", None)
    services = Services(
        dispatcher=absent,
        reader=absent,
        as_node=absent,
        identify=absent,
        subscriptions=absent,
        request_rebuild=absent,
        record_actor_name=absent,
        record_access=absent,
        clock=absent,
        record_execution=(executions if executions is not None else []).append,
    )
    return WorldContext(services, Identity(actor=actor, name=None, expires_at=NOW), NOW, made=made)
