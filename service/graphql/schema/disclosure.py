"""What the access log records of an object that is shown."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.vocabulary import Actor, Marking
from service.event_store.access_log import SENSITIVE, Disclosure
from service.graphql.loaders.parked_subjects import ParkedState


class Disclosed:
    """A property of an API type: its Disclosure, or None if reads of the object are not recorded.

    read: from the object. reads: the names that it reads of the state behind the object. Whatever selects the type
    decodes them.
    """

    def __init__(self, read: Callable[[Any], Disclosure | None], *reads: str) -> None:
        self.reads = reads
        self.read = read

    def __get__(self, shown: Any, owner: type) -> Any:
        return self if shown is None else self.read(shown)


def disclosed_subject(author: str) -> Disclosed:
    """The property of a type that shows requests or incidents. author: the name of their author."""
    author_of = attrgetter(author)

    def read(shown: Any) -> Disclosure | None:
        state = shown.state
        if type(state) is ParkedState:
            return None
        return disclosure(state.id, None if shown.is_past else state.marking, author_of(state))

    return Disclosed(read, "id", "marking", author)


def disclosure(subject: UUID, marking: Marking | None, author: Actor | None) -> Disclosure | None:
    """None if reads of this marking are not recorded. marking: in force; None if only an earlier one is known."""
    return Disclosure(subject, marking, author) if marking is None or marking in SENSITIVE else None
