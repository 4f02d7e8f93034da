"""Bearers of tokens, and what each may see."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from projections.rows.api_terms import payload
from projections.rows.audit_entries import introduces, visible_to
from projections.rows.audit_entry import VisibleEntry
from projections.views import audit_trail_queries
from projections.views.audit_trail_filter import AuditTrailFilter
from tests.projections.chance import ISSUER
from tests.service.exchange.exports.exporter import Exporter

TEXT = re.compile(r"text-\d{6}-ends")
BEARERS = tuple(
    Actor(issuer=ISSUER, subject=Subject(subject), authority=AuthorityCode(code), roles=(role,))
    for subject, code, role in (
        ("p1", "alpha", Role.REQUESTER),
        ("p2", "bravo", Role.REVIEWER),
        ("p3", "carol", Role.AUDITOR),
        ("p4", "delta", Role.OBSERVER),
        ("p5", "bravo", Role.AUDITOR),
        ("nobody", "nowhere", Role.OBSERVER),
    )
)


@dataclass(frozen=True)
class Seen:
    """shown: by position. texts and hidden: the strings that somebody may and may not read."""

    shown: dict[int, VisibleEntry]
    texts: set[str]
    hidden: set[str]


def seen_by(register: Exporter, bearer: Actor, as_of: datetime | None = None) -> Seen:
    (entries,) = register.world.ask_all(
        bearer, [lambda sight: audit_trail_queries.page(sight, AuditTrailFilter(), 100_000)]
    )
    mentions = {mention for entry in entries for mention in entry.mentions}
    seen = set(register.world.ask(bearer, lambda sight: audit_trail_queries.seen(sight, mentions)))
    shown = {
        entry.position: visible_to(entry, seen) for entry in entries if as_of is None or entry.recorded_at <= as_of
    }
    texts = {text for each in shown.values() for text in texts_in(each.payload)}
    everything = {text for recorded in register.log for text in texts_in(payload(recorded.event))}
    return Seen(shown, texts, (everything - texts) | unseen_names(register, shown))


def texts_in(value: Any) -> set[str]:
    return set(TEXT.findall(json.dumps(value)))


def unseen_names(register: Exporter, shown: dict[int, VisibleEntry]) -> set[str]:
    """The ids and references of what the bearer does not see begin."""
    names = set()
    for recorded in register.log:
        if recorded.position not in shown:
            names.add(str(introduces(recorded) or ""))
            if (reference := getattr(recorded.event, "reference", None)) is not None:
                names |= {str(recorded.stream), reference}
    return names - {""}
