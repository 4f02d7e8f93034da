"""The types of messages that can be sent to webhook endpoints and mail addresses."""

from collections.abc import Sequence
from typing import Final, get_args

from domain.deployment_request import events as request_events
from domain.incident import events as incident_events
from domain.refusals import FieldProblem, Problems

EVENT_TYPES: Final = frozenset(
    event.__name__ for union in (request_events.Event, incident_events.Event) for event in get_args(union)
)
"""Events that are sent: those of requests and incidents."""
REMINDER: Final = "Reminder"
"""A message about what is due for somebody with a role of the endpoint."""
ESCALATION: Final = "Escalation"
"""A message about what is overdue for somebody of its authority, whatever the roles."""
CONFIRMATION: Final = "Confirmation"
"""A message that asks whether an address wants messages. Nobody chooses it."""
MESSAGE_TYPES: Final = EVENT_TYPES | {REMINDER, ESCALATION}
"""Types that an endpoint can choose."""


def type_problems(types: Sequence[str]) -> Problems:
    """Of the types in an input."""
    for index, each in enumerate(types):
        if each not in MESSAGE_TYPES:
            named = f"name events of requests or incidents, {REMINDER} or {ESCALATION}"
            yield FieldProblem(path=f"types.{index}", message=f"No message has the type '{each[:100]}': {named}.")
        elif each in types[:index]:
            yield FieldProblem(path=f"types.{index}", message=f"'{each}' is listed already.")
