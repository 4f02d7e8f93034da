"""The events of a succession: another authority decides. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass

from domain.vocabulary import AuthorityCode, Days, Quorum, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorNamed:
    """By the register: the mandate of the deciding authority no longer covers the region, and the successor's does.

    successor: None if nobody is to take over any more.
    """

    successor: AuthorityCode | None = None
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTakenOver:
    """endorsements_required, answer_within_days, hearing: by the mandate of the authority that takes it over."""

    deciding_authority: AuthorityCode
    endorsements_required: Quorum
    answer_within_days: Days | None = None
    hearing: bool = False
    reason: Text


OfSuccession = SuccessorNamed | RequestTakenOver
