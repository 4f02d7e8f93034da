"""Entity tags (RFC 9110): the position that an answer includes, and a digest of what else it depends on.

They are weak: what depends on the clock alone, as whether a hold is overdue, may change under the same tag.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from domain.vocabulary import Actor

POSITION: Final = "Mandate-Position"
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Tag:
    """position: of the last event that the answer certainly includes."""

    position: int
    digest: str

    @property
    def value(self) -> str:
        return f"{self.position}-{self.digest}"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"ETag": f'W/"{self.value}"', POSITION: str(self.position), "Vary": "Authorization, Accept"}

    def matches(self, if_none_match: str) -> bool:
        """Whether the header lists this tag (weak comparison)."""
        return self.value in _TAG.findall(if_none_match)


def tag_of(position: int, actor: Actor, *depends_on: object) -> Tag:
    """The tag of what an actor is answered at a position. depends_on: values with a stable `repr`."""
    seen_by = (actor.issuer, actor.subject, actor.authority, *map(str, actor.roles))
    return Tag(position, blake2b(repr((seen_by, depends_on)).encode(), digest_size=8).hexdigest())
