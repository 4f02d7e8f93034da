"""Refusals of exports, the dossier and the reading commands."""

from collections.abc import Iterable
from typing import Final

from domain.vocabulary import joined


class ExportRefused(Exception):
    """The output cannot be produced. The message is one line and says what is needed."""


REQUEST: Final = "DeploymentRequest"
INCIDENT: Final = "Incident"
_SPOKEN: Final = {REQUEST: "deployment request", INCIDENT: "incident"}


def unseen(reference: str, kinds: Iterable[str], *, by_then: bool) -> ExportRefused:
    """There is none of this reference that the viewer may see. kinds: REQUEST, INCIDENT. by_then: at a past instant."""
    kind = joined([_SPOKEN[each] for each in kinds])
    return ExportRefused(f"there is no {kind} '{reference}'{' by then' if by_then else ''} that may be seen")
