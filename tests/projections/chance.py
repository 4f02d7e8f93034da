"""What anybody might have written, anywhere and at any time: by chance, reproducibly."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from domain.deployment_request import events as request
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.state import DeploymentRequest
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    Latitude,
    Location,
    Longitude,
    Period,
    Person,
    Region,
    Role,
    Subject,
    Text,
)
from service.access import identity

T = TypeVar("T")

CODES = tuple(map(AuthorityCode, ("alpha", "bravo", "carol", "delta")))
REGIONS = tuple(map(Region, ("xk", "xk/north", "xk/north/zubin-potok", "xk/south", "xl", "xl/west")))
START = datetime(2024, 11, 29, 18, tzinfo=UTC)
ISSUER = identity.ISSUER


class Chance:
    """of_deputies, of_referrals: decide about these, so that the rest of a history is as it would be without them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.of_deputies = Random(seed)
        self.of_referrals = Random(seed)

    def location(self) -> Location:
        return Location(latitude=Latitude(42.9), longitude=Longitude(20.7), description=self.text())

    def anybody(self) -> Actor:
        roles = tuple(self.random.sample(list(Role), self.random.randint(1, 3)))
        subject = Subject(f"p{self.random.randint(1, 5)}")
        actor = Actor(issuer=ISSUER, subject=subject, authority=self.random.choice(CODES), roles=roles)
        return replace(actor, on_behalf_of=self.principal(actor)) if self.of_deputies.random() < 0.2 else actor

    def aside(self, make: Callable[[], T], numbers: Random | None = None) -> T:
        """What is made of other numbers, by default of those that decide about deputies."""
        others, self.random = self.random, numbers or self.of_deputies
        try:
            return make()
        finally:
            self.random = others

    def principal(self, actor: Actor) -> Person:
        return (ISSUER, self.of_deputies.choice([Subject(f"p{n}") for n in range(1, 6) if f"p{n}" != actor.subject]))

    def text(self) -> Text:
        return Text(
            self.random.choice(["Because.", "Two\nlines\tand a \\ backslash", "Ünïcødé 🙂 {x}", '"quoted", \\N'])
        )

    def instant(self) -> datetime:
        return START + timedelta(minutes=self.random.randint(-9000, 9000), microseconds=self.random.randint(0, 9))

    def due(self) -> datetime:
        """When a hold is to be reviewed, or a condition to be met."""
        return self.instant()

    def period(self) -> Period:
        start = self.instant()
        return Period(start=start, end=start + timedelta(days=self.random.randint(1, 90)))

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def on_extension(self, state: DeploymentRequest, why: Text) -> list[Any]:
        if state.extension is None:
            return [request.ExtensionAsked(until=self.instant(), reason=why)] * 2
        recommendation = self.random.choice(list(request.Recommendation))
        return [
            *[request.ExtensionEndorsed(recommendation=recommendation, reason=why, revision=state.revision)] * 2,
            request.ExtensionGranted(until=state.extension.until, reason=why),
            request.ExtensionRefused(reason=why),
        ]

    def on_hearing(self, state: DeploymentRequest, why: Text) -> list[Any]:
        if state.hearing is None or state.hearing.statement_at is not None:
            return [NoticeGiven(reason=why, until=self.instant())]
        return [StatementMade(statement=why)]
