"""Row-level security: which rows of the views the database shows to a viewer.

Viewers read as the role READER, which sees no row unless the statement names the viewer: `as_viewer`. The API's own
role sees every row, since rules and loaders consult rows that the viewer may not see. The owner and the worker bypass
it.
"""

from collections.abc import Mapping
from typing import Final

READER: Final = "mandate_reader"
REGISTER: Final = "mandate_api"
SETTINGS: Final = ("tokens", "own_tokens", "markings")
"""What a statement says of its viewer, as in `ViewerScope.values`."""


def _setting(name: str) -> str:
    """An array of a setting, read once a statement. NULL without a viewer."""
    return f"(SELECT nullif(current_setting('mandate.{name}', true), '')::text[])"


def _overlaps(audience: str) -> str:
    """coalesce keeps the planner from assuming that hardly any row is visible: it would avoid the ordered indexes."""
    return f"coalesce({audience} && {_setting('tokens')}, false)"


AUDIENCE: Final = _overlaps("audience")
ITEM: Final = f"coalesce(audience && {_setting('tokens')}, projections.sees(id))"
"""Rows that an older version wrote have no audience of their own: their subject decides."""
WITHIN: Final = f"(within IS NULL OR {_overlaps('within')})"
DELIBERATIONS: Final = ("endorsements", "recusals", "extension.endorsements")
"""Items of a request that only the readers of its deliberations see, if these are internal."""
REQUEST_ITEM: Final = (
    f"{ITEM} AND {WITHIN}"
    f" AND (within IS NOT NULL OR field <> ALL ('{{{','.join(DELIBERATIONS)}}}') OR projections.sees(id))"
)
"""In rows that an older version wrote, the audience of deliberations are their readers: not all see the request."""
OWN_AUTHORITY: Final = f"'authority:' || authority = ANY({_setting('tokens')}::text[])"

POLICIES: Final[Mapping[str, str | None]] = {
    "projections.deployment_requests": AUDIENCE,
    "projections.deployment_request_items": REQUEST_ITEM,
    "projections.inbox": f"{AUDIENCE} AND coalesce({OWN_AUTHORITY}, false)",
    "projections.awaited_findings": AUDIENCE,
    "projections.incidents": AUDIENCE,
    "projections.incident_inbox": AUDIENCE,
    "projections.awaited_answers": f"{AUDIENCE} AND coalesce({OWN_AUTHORITY}, false)",
    "projections.incident_items": ITEM,
    "projections.authorities": AUDIENCE,
    "projections.jurisdictions": AUDIENCE,
    "projections.mandates": ITEM,
    "projections.deputies": AUDIENCE,
    "projections.appointments": AUDIENCE,
    "projections.regions": AUDIENCE,
    "projections.webhook_endpoints": AUDIENCE,
    "projections.mail_subscriptions": AUDIENCE,
    "projections.audit_trail": f"{AUDIENCE} AND {WITHIN}",
    "projections.audit_trail_memory": None,
    "projections.audit_trail_items": None,
    "projections.situation": (
        f"(audience && {_setting('own_tokens')})"
        f" OR (audience = '{{}}'::text[] AND marking = ANY({_setting('markings')}::text[]))"
    ),
    "projections.situation_intervals": None,
    "projections.situation_memory": None,
    "event_store.event_texts": None,
    "event_store.access_log": AUDIENCE,
}
"""By table: the rows that the reader sees; None for no row."""

_SET: Final = ", ".join(f"set_config('mandate.{name}', %(viewer_{name})s, true)" for name in SETTINGS)


WITHOUT_MARKINGS: Final = frozenset({"authorities", "regions", "webhook_endpoints", "mail_subscriptions"})
"""Views whose rows no marking hides."""
MARKINGS_MISSING: Final = "MV001"
"""SQLSTATE of a viewer's statement on views that lack a recorded change of a marking. The message is its position."""
REQUIRED: Final = "(SELECT projections.require_markings(%(viewed)s))"
"""A condition that fails with MARKINGS_MISSING."""


def as_viewer(statement: str) -> str:
    """The statement with its viewer, in the parameters 'viewer_' and the name of each setting, and 'viewed': the views.

    Without every recorded change of a marking in these views, it fails with MARKINGS_MISSING.

    The conditions are evaluated before the first row is read, and the settings last until the end of the statement:
    this takes neither a second round trip nor a transaction.
    """
    return f"SELECT s.* FROM ({statement}) AS s WHERE (SELECT concat({_SET})) IS NOT NULL AND {REQUIRED}"  # noqa: S608
