"""Value types shared by all aggregates: actors, places, grades, markings, texts, periods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, NewType
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34")
"""The namespace of every id that is derived from a natural key (uuid5)."""

AuthorityCode = NewType("AuthorityCode", str)
"""Short, lower case and stable: 'kfor', 'pristina'."""
Region = NewType("Region", str)
"""A path from the largest region to the smallest: 'xk/north/zubin-potok'."""
Language = NewType("Language", str)
"""A language, with a script if it is written in several: 'sq', 'sr-Cyrl' (BCP 47)."""
Label = NewType("Label", str)
"""A short name, not free text: a force, a kind of incident, a legal basis."""
Strength = NewType("Strength", int)
"""Persons."""
Quorum = NewType("Quorum", int)
Days = NewType("Days", int)
"""Endorsements that an approval needs."""
Sha256 = NewType("Sha256", str)
"""Lower-case hex."""
Latitude = NewType("Latitude", float)
"""Degrees north, WGS 84."""
Longitude = NewType("Longitude", float)
"""Degrees east, WGS 84."""
Subject = NewType("Subject", str)
"""A person's identifier at their issuer."""
Person = tuple[str, Subject]
"""Issuer and subject."""
RequestId = NewType("RequestId", UUID)
IncidentId = NewType("IncidentId", UUID)
EvidenceId = NewType("EvidenceId", UUID)
ConditionId = NewType("ConditionId", UUID)
CorrectionId = NewType("CorrectionId", UUID)

REGION_FORM: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*){0,7}")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
URI_FORM: Final = re.compile(
    r"(?!(?:javascript|vbscript|data):)[a-z][a-z0-9+.-]*:[^\s<>\"\x00-\x1f\x7f-\x9f]+", re.IGNORECASE
)
"""A URI (RFC 3986) whose scheme a browser does not execute."""
LANGUAGE_FORM: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")
CODE_FORM: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class Text:
    """Free text, stored separately so that it can be erased. value: None if it is erased."""

    __slots__ = ("value",)
    value: str | None

    def __init__(self, value: str | None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Text({self.value!r})"

    def __str__(self) -> str:
        return "(erased)" if self.value is None else self.value


class Role(StrEnum):
    """What a person may do for their authority."""

    REQUESTER = "REQUESTER"
    REVIEWER = "REVIEWER"
    APPROVER = "APPROVER"
    INVESTIGATOR = "INVESTIGATOR"
    AUDITOR = "AUDITOR"
    OBSERVER = "OBSERVER"
    ADMINISTRATOR = "ADMINISTRATOR"


class ActorKind(StrEnum):
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, for which authority. Issuer and subject identify a person; the domain stores no names.

    on_behalf_of: the principal for whom a deputy acts, of the same authority.
    """

    kind: ActorKind = ActorKind.PERSON
    issuer: str
    subject: Subject
    authority: AuthorityCode
    roles: tuple[Role, ...]
    on_behalf_of: Person | None = None

    @property
    def person(self) -> Person:
        """Identifies the person, whatever authority they act for."""
        return (self.issuer, self.subject)

    @property
    def persons(self) -> tuple[Person, ...]:
        """The person, and the one for whom they act: rules about persons hold for both together."""
        return (self.person,) if self.on_behalf_of is None else (self.person, self.on_behalf_of)

    def shares_a_person(self, other: "Actor") -> bool:
        return not set(self.persons).isdisjoint(other.persons)

    @property
    def is_system(self) -> bool:
        return self.kind is ActorKind.SYSTEM

    @property
    def is_named(self) -> bool:
        """Whether it identifies a person. Otherwise it is the register, or somebody who is not disclosed."""
        return self.issuer != "" and not self.is_system


REGISTER: Final = AuthorityCode("register")
"""The authority of the register itself. No token and no registration may use it."""
SYSTEM: Final = Actor(kind=ActorKind.SYSTEM, issuer="mandate", subject=Subject("system"), authority=REGISTER, roles=())


class Marking(StrEnum):
    """Who may see a subject, from everybody to named persons. Names from TLP 2.0, rules in `domain.visibility`."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER_STRICT"
    RED = "RED"

    @property
    def strictness(self) -> int:
        return list(Marking).index(self)


class Likelihood(StrEnum):
    """The likelihood bands of ICD 203, from 1-5 % to 95-99 %."""

    ALMOST_NO_CHANCE = "ALMOST_NO_CHANCE"
    VERY_UNLIKELY = "VERY_UNLIKELY"
    UNLIKELY = "UNLIKELY"
    ROUGHLY_EVEN_CHANCE = "ROUGHLY_EVEN_CHANCE"
    LIKELY = "LIKELY"
    VERY_LIKELY = "VERY_LIKELY"
    ALMOST_CERTAIN = "ALMOST_CERTAIN"

    @property
    def rank(self) -> int:
        return list(Likelihood).index(self)


class AnalyticConfidence(StrEnum):
    """Confidence in the basis of a finding, never combined with its likelihood (ICD 203)."""

    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"

    @property
    def rank(self) -> int:
        return list(AnalyticConfidence).index(self)


class SourceReliability(StrEnum):
    """NATO grading of a source (AJP-2.1). F: cannot be judged, which is not the lowest grade."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class InformationCredibility(StrEnum):
    """NATO grading of a piece of information (AJP-2.1). SIX: cannot be judged, which is not the lowest grade."""

    ONE = "ONE"
    TWO = "TWO"
    THREE = "THREE"
    FOUR = "FOUR"
    FIVE = "FIVE"
    SIX = "SIX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From start (inclusive) to end (exclusive)."""

    start: datetime
    end: datetime

    def within(self, other: "Period") -> bool:
        return other.start <= self.start and self.end <= other.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    latitude: Latitude
    longitude: Longitude
    description: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The minimum likelihood and confidence of a sufficient finding."""

    likelihood: Likelihood = Likelihood.LIKELY
    confidence: AnalyticConfidence = AnalyticConfidence.MODERATE

    def reached_by(self, likelihood: Likelihood, confidence: AnalyticConfidence) -> bool:
        return likelihood.rank >= self.likelihood.rank and confidence.rank >= self.confidence.rank


def regions_of(region: Region) -> tuple[Region, ...]:
    """The region and every region that contains it, the nearest first."""
    parts = region.split("/")
    return tuple(Region("/".join(parts[:n])) for n in range(len(parts), 0, -1))


def covers(outer: Region, inner: Region) -> bool:
    return inner == outer or inner.startswith(outer + "/")


@lru_cache(maxsize=65_536)
def derived_id(*natural_key: str) -> UUID:
    """The id for a natural key (uuid5), the same in every process."""
    return uuid5(NAMESPACE, "/".join(natural_key))


def in_words(constant: str) -> str:
    """A constant of the API in a sentence: 'VERY LIKELY'."""
    return constant.replace("_", " ")


def iso_time(instant: datetime) -> str:
    """As the API and files have it: '2024-11-29T18:00:00.000000Z'."""
    in_utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[:-6] + "Z"


def format_time(instant: datetime) -> str:
    """'15 December 2024, 12:00 UTC'."""
    utc = instant.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc:%Y, %H:%M} UTC"


def exact_time(instant: datetime) -> str:
    """As `format_time`, with seconds and fractions if they are not 0: '15 December 2024, 12:00:07.25 UTC'."""
    parts = f"{instant.astimezone(UTC):%S.%f}".rstrip("0").removesuffix(".")
    return format_time(instant) if parts == "00" else format_time(instant).replace(" UTC", f":{parts} UTC")


@lru_cache(1024)
def camel(name: str) -> str:
    """A field's name in the API: 'review_by' -> 'reviewBy'."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def joined(items: Iterator[str] | tuple[str, ...] | list[str], word: str = "or") -> str:
    """'a', 'a or b', 'a, b or c'."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
