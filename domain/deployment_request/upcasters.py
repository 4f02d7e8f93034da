"""Upcasters of the events of a deployment request.

RequestSubmitted 2: `deliberations_internal`. Requests from before are internal, as their mandates are.
RequestSubmitted 3: `answer_within_days`. The mandates of before set no time limit.
RequestSubmitted 4: `hearing`. The mandates of before ask for none. RequestDenied 2, ApprovalRevoked 2: `urgency`.
RequestAmended 2: `region`, and what the mandate over a new one asks for. No amendment of before changed the region.
"""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {
    ("RequestSubmitted", 1): lambda data: {**data, "deliberations_internal": True},
    ("RequestSubmitted", 3): lambda data: {**data, "hearing": False},
    ("RequestAmended", 1): lambda data: {**data, "region": None, "endorsements_required": None, "hearing": None},
    ("RequestDenied", 1): lambda data: {**data, "urgency": None},
    ("ApprovalRevoked", 1): lambda data: {**data, "urgency": None},
    ("RequestSubmitted", 2): lambda data: {**data, "answer_within_days": None},
}
