"""The mail subscriptions, current and past."""

from typing import Final

from domain.catalogue import MAIL_SUBSCRIPTION
from domain.mail_subscription.state import MailSubscription
from projections.views.endpoint_view import endpoint_view

VERSION: Final = 1

VIEW, every = endpoint_view("mail_subscriptions", VERSION, MAIL_SUBSCRIPTION, MailSubscription, "address")
