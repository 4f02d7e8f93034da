"""Seeded random authorities, officials, regions and sentences for generated histories."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from domain import authority, jurisdiction
from domain.vocabulary import Actor, AuthorityCode, Label, Marking, Period, Region, Role, Subject, Text, regions_of
from service.event_store.records import StreamVersion

BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
SPAN: Final = timedelta(days=5 * 365)

DECIDERS: Final = {
    AuthorityCode("alder"): Region("al"),
    AuthorityCode("birch"): Region("bi"),
    AuthorityCode("cedar"): Region("ce"),
    AuthorityCode("damson"): Region("da"),
}
REQUESTERS: Final = tuple(AuthorityCode(f"district-{letter}") for letter in "abcdefghijkl")
COURT: Final = AuthorityCode("court")
"""Its auditors see everything."""
PLACES: Final = tuple(
    Region(f"{root}/{part}/{town}")
    for root in DECIDERS.values()
    for part in ("north", "south")
    for town in ("hillford", "lakeside", "old-mill", "riverton")
)
FORCES: Final = tuple(map(Label, ("Security Force", "Engineer Company", "Medical Unit", "Transport Battalion")))
KINDS: Final = tuple(map(Label, ("explosion", "sabotage", "flood", "fire")))
MARKINGS: Final = (
    *[Marking.AMBER] * 14, *[Marking.GREEN] * 3, Marking.CLEAR, Marking.AMBER_STRICT, Marking.RED,
)  # fmt: skip
OFFICIALS: Final = 6
"""Number of persons per authority."""
TALE: Final = (
    "EXERCISE the water authority reports that pumping station and northern road are reached again since patrols along "
    "canal began its banks need repair before winter district asks for engineers until damage is mended no objection "
    "from neighbouring districts supply by road only medical support on call evidence was handed over with photographs"
)
WORDS: Final = TALE.split()

T = TypeVar("T")


class Cast:
    """Random choices from a seeded generator: the same seed gives the same history."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._people: dict[tuple[AuthorityCode, Role, int], Actor] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, choices: tuple[T, ...]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def text(self) -> Text:
        """One or two sentences."""
        start = int(self.random.random() * (len(WORDS) - 30))
        return Text(" ".join(WORDS[start : start + 8 + int(self.random.random() * 22)]))

    def days(self, least: float, most: float) -> timedelta:
        return timedelta(days=least + self.random.random() * (most - least))

    def period(self, after: datetime) -> Period:
        start = after + self.days(10, 60)
        return Period(start=start, end=start + self.days(30, 300))

    def official(self, code: AuthorityCode, role: Role, not_among: tuple[Actor, ...] = ()) -> Actor:
        """A person of the authority in this role, except the given ones."""
        first = int(self.random.random() * OFFICIALS)
        persons = (self._person(code, role, (first + n) % OFFICIALS) for n in range(OFFICIALS))
        return next(person for person in persons if person not in not_among)

    def _person(self, code: AuthorityCode, role: Role, number: int) -> Actor:
        key = (code, role, number)
        if key not in self._people:
            subject = Subject(f"{code}.{role.lower()}.{number}")
            self._people[key] = Actor(issuer="mandate", subject=subject, authority=code, roles=(role,))
        return self._people[key]


def decider_of(place: Region) -> AuthorityCode:
    return next(code for code, root in DECIDERS.items() if place.startswith(f"{root}/"))


def rested_on(actor: Actor, place: Region | None = None) -> tuple[StreamVersion, ...]:
    """The streams that a decision consults: the actor's authority, and the mandates over a place."""
    authorities = ((authority.stream_of(actor.authority), 1),)
    if place is None:
        return authorities
    return authorities + tuple(
        (jurisdiction.stream_of(region), 1 if "/" not in region else 0) for region in regions_of(place)
    )
