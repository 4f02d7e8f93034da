"""Visibility: a viewer holds tokens, a subject has an audience of tokens. A viewer sees a subject if they overlap.

The markings are named after the Traffic Light Protocol 2.0 (FIRST, 2022), but their rules are this register's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from domain.vocabulary import Actor, AuthorityCode, Marking, Region, Role, Subject

EVERYBODY: Final = "everybody"
REGISTERED: Final = "registered"
AUDITORS: Final = "auditors"
"""The token of auditors whose authority audits everything."""


def person(issuer: str, subject: Subject) -> str:
    """The token of a person. '|' in the issuer is escaped, so two persons never have the same token."""
    escaped = issuer.replace("%", "%25").replace("|", "%7C")
    return f"person:{escaped}|{subject}"


def recipient(named: Subject, issuer: str) -> tuple[str, Subject]:
    """The person that a recipient names: 'person:ISSUER|SUBJECT', or a subject of the given issuer."""
    if not named.startswith("person:"):
        return issuer, named
    escaped, _, subject = named.removeprefix("person:").partition("|")
    return escaped.replace("%7C", "|").replace("%25", "%"), Subject(subject)


def authority(code: AuthorityCode) -> str:
    return f"authority:{code}"


def auditors(code: AuthorityCode) -> str:
    """The token of the auditors of one authority."""
    return f"auditors:{code}"


def of_authority(code: AuthorityCode) -> frozenset[str]:
    """The audience of what an authority administers: those who act for it, and auditors of auditing authorities."""
    return frozenset({AUDITORS, authority(code)})


def region(path: Region) -> str:
    """The token of actors whose authority holds the mandate over exactly this region."""
    return f"region:{path}"


SEEN_BY: Final[Mapping[Marking, frozenset[str]]] = {
    Marking.CLEAR: frozenset({EVERYBODY}),
    Marking.GREEN: frozenset({REGISTERED}),
    Marking.AMBER: frozenset({AUDITORS}),
    Marking.AMBER_STRICT: frozenset({AUDITORS}),
    Marking.RED: frozenset(),
}
"""The tokens that see everything with a marking, whatever authorities are involved."""
SHOWN_OUTSIDE: Final = frozenset({Marking.CLEAR, Marking.GREEN})
"""Markings of what may lie where no marking is known, as in mailboxes and calendars."""
SEEING_ALL: Final = frozenset[str]().union(*SEEN_BY.values())
"""Tokens that give sight of everything with a marking. They have no effect on other markings."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """tokens: None for the register itself, which sees everything."""

    tokens: frozenset[str] | None

    @property
    def sees_all_of(self) -> frozenset[Marking]:
        """The markings of which they see everything. Of other markings they may see some."""
        return frozenset(marking for marking, tokens in SEEN_BY.items() if self.sees(tokens))

    def sees(self, audience: frozenset[str]) -> bool:
        return self.tokens is None or not self.tokens.isdisjoint(audience)


def viewer(actor: Actor, *, registered: bool, holds: Iterable[Region], audits_everything: bool = False) -> Viewer:
    """registered: whether the actor's authority is registered; if not, they see what is CLEAR.

    holds: the regions over which it has a mandate now. audits_everything: whether its auditors see more than what
    concerns it.
    """
    if actor.is_system:
        return Viewer(None)
    if not registered:
        return Viewer(frozenset({EVERYBODY}))
    tokens = {EVERYBODY, REGISTERED, person(actor.issuer, actor.subject), authority(actor.authority)}
    if Role.AUDITOR in actor.roles:
        tokens.add(auditors(actor.authority))
        if audits_everything:
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
    """The tokens that may see a subject.

    author: with the principal on whose behalf they act, if any, whose subject it is too. recipients: the persons who
    see it if it is RED. involved: the requesting or reporting authority, which it concerns.
    deciding: the authorities that decide on it or that it was referred to. regions: its region and those around it,
    whose mandate holders count as deciding.
    """
    named = {person(*each) for each in author.persons}
    deciders = {authority(code) for code in deciding} | {region(path) for path in regions}
    all_of_it = SEEN_BY[marking]
    match marking:
        case Marking.CLEAR | Marking.GREEN:
            return all_of_it
        case Marking.AMBER:
            return all_of_it | {authority(code) for code in involved} | deciders
        case Marking.AMBER_STRICT:
            return all_of_it | named | deciders | {auditors(code) for code in involved}
        case Marking.RED:
            return all_of_it | named | {person(issuer, subject) for issuer, subject in recipients}
        case _:
            assert_never(marking)
