"""Entries of the access log."""

from datetime import datetime
from typing import Self

import strawberry

from domain.vocabulary import Marking
from projections.reading import access_log_queries
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.pagination import PageInfo
from service.graphql.schema.shown import shown


@strawberry.type(
    description=(
        "A person, or an export by one, that was shown something RED or AMBER_STRICT, or took something out. An answer "
        "has an entry for each author of its subjects."
    )
)
class AccessLogEntry:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[access_log_queries.AccessLogEntry]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
    at: datetime = shown("state.at")
    person: Actor = shown(
        lambda of: Actor.of(of.state.reader, of.loaders), "Who read, for which authority; 'operator' without a token."
    )
    what: str = shown(
        "state.what",
        "query, mutation or subscription of the API; history, trail, explanation, inbox, list, dossier or export.",
    )
    subjects: list[strawberry.ID] = shown(
        lambda of: [strawberry.ID(str(each)) for each in of.state.subjects],
        "Requests, incidents and pieces of evidence; empty for the whole register.",
    )
    document: str | None = shown("state.document", "'sha256:' and the digest of the GraphQL document.")
    marking: Marking | None = shown("state.marking", "The strictest marking of the subjects.")

    @classmethod
    def of(cls, state: access_log_queries.AccessLogEntry, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=state)


@strawberry.type
class AccessLogEdge:
    cursor: str
    node: AccessLogEntry


@strawberry.type(description="A page of the access log.")
class AccessLogConnection:
    edges: list[AccessLogEdge]
    page_info: PageInfo
