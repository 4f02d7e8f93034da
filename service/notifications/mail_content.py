"""What a mail says: a sentence of what is marked CLEAR or GREEN, else the reference alone, and nothing of RED."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.mail_subscription.state import MailSubscription
from domain.visibility import SHOWN_OUTSIDE
from domain.vocabulary import Marking, Person, iso_time
from service.notifications.contents import MailContent, StillDue, Withheld
from service.notifications.document_answers import GONE, NOT_DUE, NOT_VISIBLE, Answers, awaited_incident
from service.notifications.mail_words import due_sentence, event_sentence
from service.notifications.queue import Delivery
from service.notifications.reminders import Due, is_due

EVENT: Final = "mail-message"
REMINDER: Final = "mail-reminder"
"""The documents that decide whether the subscription may see a subject, and what a mail says of it."""
BLOCKED: Final = "the person is blocked"
OF_OTHERS: Final = "between other authorities"
FOR_PERSONS: Final = "marked RED"


class MailContents:
    def __init__(self, answers: Answers, still_due: StillDue, is_blocked: Callable[[Person], bool]) -> None:
        """is_blocked: raises Postponed while that is not known."""
        self._answers, self._still_due, self._is_blocked = answers, still_due, is_blocked

    async def __call__(self, subscription: MailSubscription, delivery: Delivery) -> MailContent | Withheld:
        if self._is_blocked(subscription.subscribed_by.person):
            return Withheld(BLOCKED)
        return await (self._due(subscription, delivery) if is_due(delivery) else self._event(subscription, delivery))

    async def _due(self, subscription: MailSubscription, delivery: Delivery) -> MailContent | Withheld:
        if not await self._still_due(delivery):
            return Withheld(NOT_DUE)
        found = await self._answers.read(subscription.viewer, REMINDER, {"id": str(delivery.subject)})
        request, said = found["deploymentRequest"], due_sentence(Due.of(delivery), delivery.at)
        if request is not None:
            return _content(request, "requests", said)
        incident = awaited_incident(found["incident"], iso_time(delivery.at))
        return Withheld(NOT_VISIBLE) if incident is None else _content(incident, "incidents", said)

    async def _event(self, subscription: MailSubscription, delivery: Delivery) -> MailContent | Withheld:
        variables = {"position": str(delivery.position)}
        event = (await self._answers.read(subscription.viewer, EVENT, variables))["recordedEvent"]
        if event is None:
            return Withheld(NOT_VISIBLE)
        if event["recordedAt"] != iso_time(delivery.at):
            return Withheld(GONE)
        subject = event["subject"]
        is_request = subject["__typename"] == "DeploymentRequest"
        if is_request and subscription.authority not in _parties(subject):
            return Withheld(OF_OTHERS)
        return _content(subject, "requests" if is_request else "incidents", event_sentence(event["type"], delivery.at))


def _parties(request: Mapping[str, Any]) -> tuple[str, ...]:
    return request["requestingAuthority"]["code"], request["decidingAuthority"]["code"]


def _content(subject: Mapping[str, Any], where: str, sentence: str) -> MailContent | Withheld:
    if subject["marking"] == Marking.RED:
        return Withheld(FOR_PERSONS)
    path = f"/api/{where}/{subject['reference']}"
    return MailContent(
        reference=subject["reference"], path=path, sentence=sentence if subject["marking"] in SHOWN_OUTSIDE else None
    )
