"""The register of this machine, as one viewer may see it."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.aggregate import Aggregate
from domain.catalogue import DEPLOYMENT_REQUEST
from domain.vocabulary import SYSTEM, Actor, Subject, iso_time
from service.access.authentication import identify_once
from service.access.identity import Blocked, Unauthenticated
from service.access.issuers import read_issuers
from service.access.own_tokens import accepted_tokens
from service.cli.reading_options import past_instants, read_token
from service.commands.block_reader import BlockReader
from service.database.startup import open_database
from service.event_store.access_log import Access, AccessKind, Disclosure, record_access
from service.event_store.store import EventStore
from service.exchange.visible_log.disclosures import disclosures
from service.exchange.visible_log.refused import ExportRefused, unseen
from service.exchange.visible_log.scope import Scope, called, happened_by, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.processes.composition import limits, now
from service.settings import DatabaseUrls, Settings

OPERATOR: Final = replace(SYSTEM, subject=Subject("operator"))
"""The reader in the access log, if there is no token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccess:
    """The register as one viewer may see it, as of an instant. blocked: the persons who are blocked now.

    as_happened: one subject is shown as it had happened by this instant.
    """

    settings: Settings
    urls: DatabaseUrls
    store: EventStore
    scope: Scope
    visibility: Visibility
    blocked: frozenset[tuple[str, str]]
    as_happened: datetime | None = None

    def about(self, reference: str, kinds: tuple[Aggregate, ...] = (DEPLOYMENT_REQUEST,)) -> "RegisterAccess":
        """Limits the access to one subject. Raises ExportRefused if it does not exist or is not visible."""
        subject, end = called(self.store, self.visibility, reference, self.scope.end, kinds), self.scope.end
        if self.as_happened is not None and not (end := happened_by(self.store, subject, self.as_happened)):
            raise unseen(reference, [kind.name for kind in kinds], by_then=True)
        return replace(self, scope=replace(self.scope, subject=subject, end=end))

    def record_access(self, what: AccessKind) -> None:
        """Adds to the access log, before anything is shown. Raises Unavailable: show nothing then."""
        self.record_disclosures(what, disclosures(self.store, self.scope, self.visibility))

    def record_disclosures(self, what: AccessKind, shown: Collection[Disclosure]) -> None:
        """As `record_access`, for an output that shows these subjects."""
        reader = OPERATOR if self.scope.actor.is_system else self.scope.actor
        record_access(self.store, Access(reader=reader, what=what, disclosures=shown))


@contextmanager
def open_register(
    token: str | None, as_of: str | None = None, as_happened: str | None = None
) -> Iterator[RegisterAccess]:
    """Opens the register for reading. Raises ExportRefused, Misconfigured or Unavailable."""
    moment, happened = past_instants(as_of, as_happened)
    settings = Settings.from_environment()
    actor = SYSTEM if token is None else _bearer(settings, read_token(token))
    with open_database(settings) as urls, closing(EventStore(urls.api, limits(settings))) as store:
        if actor.person in (blocked := BlockReader(store).read()):
            raise ExportRefused(str(Blocked()))
        at = store.now()
        if happened is not None and happened > at:
            raise ExportRefused(f"--as-happened: {iso_time(happened)} has not come yet")
        scope = scope_of(store, actor, at, moment)
        visibility = Visibility(store, actor, at, scope.present)
        yield RegisterAccess(
            settings=settings,
            urls=urls,
            store=store,
            scope=scope,
            visibility=visibility,
            blocked=blocked,
            as_happened=happened,
        )


def _bearer(settings: Settings, token: str) -> Actor:
    """The bearer of the register's own or an issuer's token. Raises ExportRefused, Misconfigured, Unavailable."""
    issuers = read_issuers(settings.issuers)
    try:
        return asyncio.run(identify_once(accepted_tokens(settings), issuers, token, now)).actor
    except Unauthenticated as refusal:
        raise ExportRefused(str(refusal)) from None
