"""The sentences of mails."""

import re
from datetime import datetime
from typing import Final

from domain.vocabulary import format_time, in_words
from service.notifications.reminders import EXPIRE, Due

WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")


def event_sentence(type_: str, at: datetime) -> str:
    """'Approval revoked on 1 March 2026, 12:00 UTC.'"""
    return f"{WORD.sub(' ', type_).capitalize()} on {format_time(at)}."


def due_sentence(due: Due, at: datetime) -> str:
    """'Begin review: due within 7 days, on 1 March 2026, 12:00 UTC.'"""
    if due.action == EXPIRE:
        return f"The approval ends on {format_time(at)}."
    what = in_words(due.action).capitalize()
    if due.days < 0:
        return f"{what}: overdue since {format_time(at)}."
    when = {0: "now", 1: "within a day"}.get(due.days, f"within {due.days} days")
    return f"{what}: due {when}, on {format_time(at)}."
