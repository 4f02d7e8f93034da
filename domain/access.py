"""Who may see what: the tokens of a viewer and the audience of a thing. Visible means that they overlap.

The markings are named after the Traffic Light Protocol 2.0 (FIRST, 2022); what they mean are rules of this register.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from domain.vocabulary import Actor, AuthorityCode, Marking, Region, Role, Subject

EVERYBODY: Final = "everybody"
REGISTERED: Final = "registered"
AUDITORS: Final = "auditors"


def person(issuer: str, subject: Subject) -> str:
    """The first '|' ends the issuer, whose own are escaped: two persons never have the same token."""
    escaped = issuer.replace("%", "%25").replace("|", "%7C")
    return f"person:{escaped}|{subject}"


def authority(code: AuthorityCode) -> str:
    return f"authority:{code}"


def region(path: Region) -> str:
    """Held by those who act for an authority whose mandate is on exactly this region."""
    return f"region:{path}"


SEEN_BY: Final[Mapping[Marking, frozenset[str]]] = {
    Marking.CLEAR: frozenset({EVERYBODY}),
    Marking.GREEN: frozenset({REGISTERED, AUDITORS}),
    Marking.AMBER: frozenset({AUDITORS}),
    Marking.AMBER_STRICT: frozenset({AUDITORS}),
    Marking.RED: frozenset(),
}
"""Those who see all that has a marking, whatever it is about."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. tokens: None for the register itself, which sees everything."""

    tokens: frozenset[str] | None

    @property
    def sees_all_of(self) -> frozenset[Marking]:
        """The markings of which nothing is hidden from them. Of others they may see some."""
        return frozenset(marking for marking, tokens in SEEN_BY.items() if self.sees(tokens))

    def sees(self, audience: frozenset[str]) -> bool:
        return self.tokens is None or not self.tokens.isdisjoint(audience)


def viewer(actor: Actor, *, registered: bool, holds: Iterable[Region]) -> Viewer:
    """registered: whether the actor's authority is. holds: the regions on which it has a mandate now."""
    if actor.is_system:
        return Viewer(None)
    tokens = {EVERYBODY, person(actor.issuer, actor.subject), authority(actor.authority)}
    if registered:
        tokens.add(REGISTERED)
    if Role.AUDITOR in actor.roles:
        tokens.add(AUDITORS)
    return Viewer(frozenset(tokens | {region(path) for path in holds}))


def audience(
    marking: Marking,
    *,
    author: Actor,
    recipients: Iterable[tuple[str, Subject]] = (),
    involved: Iterable[AuthorityCode] = (),
    deciding: Iterable[AuthorityCode] = (),
    regions: Iterable[Region] = (),
) -> frozenset[str]:
    """The one table of who may see a thing.

    recipients: the persons for whom it is, where it is RED. involved: authorities that have a part in it, such as the
    requesting or reporting one. deciding: those that decide on it or that it was referred to. regions: the path of its
    place, seen by whoever holds a mandate on it.
    """
    named = {person(author.issuer, author.subject)}
    deciders = {authority(code) for code in deciding} | {region(path) for path in regions}
    all_of_it = SEEN_BY[marking]
    match marking:
        case Marking.CLEAR | Marking.GREEN:
            return all_of_it
        case Marking.AMBER:
            return all_of_it | {authority(code) for code in involved} | deciders
        case Marking.AMBER_STRICT:
            return all_of_it | named | deciders
        case Marking.RED:
            return all_of_it | named | {person(issuer, subject) for issuer, subject in recipients}
        case _:
            assert_never(marking)
