"""A fixed time, the persons of these tests, and a command."""

from datetime import UTC, datetime

from domain.deployment_request.commands import SubmitRequest
from domain.vocabulary import Actor, AuthorityCode, Label, Period, Region, Role, Strength, Subject, Text

NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
CLERK = Actor(issuer="mandate", subject=Subject("clerk"), authority=AuthorityCode("kfor"), roles=(Role.ADMINISTRATOR,))
OFFICIAL = Actor(
    issuer="mandate", subject=Subject("official"), authority=AuthorityCode("pristina"), roles=(Role.REQUESTER,)
)
REVIEWER = Actor(issuer="mandate", subject=Subject("reviewer"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,))
SUBMIT = SubmitRequest(
    force=Label("KSF"),
    strength=Strength(120),
    region=Region("xk/north"),
    purpose=Text("EXERCISE"),
    period=Period(start=NOW, end=NOW.replace(year=2025)),
)


def clock() -> datetime:
    return NOW
