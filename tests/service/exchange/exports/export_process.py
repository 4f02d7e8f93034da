"""Exports a register in every form, as a bearer, and prints the most memory that this process has had, in KiB."""

import resource
import sys
from contextlib import closing
from pathlib import Path

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.projections.world import World
from tests.service.exchange.exports.exporter import EVERY_FORM, Exporter

AUDITOR = Actor(issuer="mandate", subject=Subject("eva"), authority=AuthorityCode("carol"), roles=(Role.AUDITOR,))

if __name__ == "__main__":
    url, folder = sys.argv[1:]
    with closing(EventStore(url)) as store:
        register = Exporter(World(DatabaseUrls(owner=url, api=url, worker=url), store), Path(folder))
        for form in EVERY_FORM:
            register.export(*form, actor=AUDITOR)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
