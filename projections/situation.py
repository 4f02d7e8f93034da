"""How many requests and incidents each region has in each status: running counts, now or at any instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from projections.asking import Question, Sight

NAME: Final = "situation"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Count:
    """Of a region and all below it. kind: 'request' or 'incident'. status: of either. count: 1 or more."""

    region: str
    kind: str
    status: str
    count: int


def counts(sight: Sight, regions: Iterable[str] | None) -> Question[Count]:
    """Of these regions; without, of each that has a request or an incident that the viewer may see. By region.

    A region that was asked for and has none is not in the answer.
    """
    raise NotImplementedError
