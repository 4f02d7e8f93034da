"""The events of a hearing. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass
from datetime import datetime

from domain.vocabulary import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGiven:
    """reason: the grounds of the decision that is intended. until: by when the requesting side may make a statement."""

    reason: Text
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMade:
    statement: Text


OfHearing = NoticeGiven | StatementMade
