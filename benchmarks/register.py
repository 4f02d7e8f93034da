"""A register for benchmarks: two authorities, a mandate, requests, and the commands of clients."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.authority import RegisterAuthority
from domain.deployment_request.commands import RemarkOnRequest, SubmitRequest
from domain.jurisdiction import GrantMandate
from domain.refusals import Refusal
from domain.vocabulary import Actor, AuthorityCode, Label, Period, Region, Role, Strength, Subject, Text
from service.commands.dispatcher import Dispatch
from service.commands.envelope import CommandEnvelope, CommandResult

DECIDER: Final = AuthorityCode("kfor")
REQUESTERS: Final = tuple(AuthorityCode(code) for code in ("pristina", "mitrovica", "prizren", "peja"))
PURPOSE: Final = "EXERCISE. Patrols along the canal, at the request of the water authority, until the damage is mended."
REMARK: Final = "EXERCISE. The water authority reports that the pumping station is reached again by the northern road."
CLERK: Final = Actor(
    issuer="mandate", subject=Subject("clerk"), authority=AuthorityCode("kfor"), roles=(Role.ADMINISTRATOR,)
)
SUBMIT: Final = SubmitRequest(
    force=Label("KSF"),
    strength=Strength(120),
    region=Region("xk/north/zubin-potok"),
    purpose=Text(PURPOSE),
    period=Period(start=datetime(2030, 1, 1, tzinfo=UTC), end=datetime(2030, 12, 31, tzinfo=UTC)),
)


def official(authority: AuthorityCode, *roles: Role, name: str = "official") -> Actor:
    return Actor(issuer="mandate", subject=Subject(name), authority=authority, roles=roles or (Role.REQUESTER,))


def found(dispatch: Dispatch) -> None:
    """Registers the authorities and grants the mandate."""
    for code in (DECIDER, *REQUESTERS):
        carry_out(dispatch, CommandEnvelope(command=RegisterAuthority(code=code, name=Label(code)), actor=CLERK))
    grant = GrantMandate(authority=DECIDER, region=Region("xk"), legal_basis=Label("UNSCR 1244"))
    carry_out(dispatch, CommandEnvelope(command=grant, actor=CLERK))


def submit(dispatch: Dispatch, count: int) -> list[UUID]:
    """Submits `count` requests, by each authority in turn."""
    orders = [CommandEnvelope(command=SUBMIT, actor=official(REQUESTERS[n % len(REQUESTERS)])) for n in range(count)]
    with ThreadPoolExecutor(16) as pool:
        return [outcome.subject for outcome in pool.map(lambda order: carry_out(dispatch, order), orders)]


def remark(request: UUID, number: int) -> CommandEnvelope:
    """A remark on a request (one event), by its deciding authority."""
    actor = official(DECIDER, Role.REVIEWER, name=f"reviewer-{number}")
    return CommandEnvelope(command=RemarkOnRequest(reason=Text(REMARK)), actor=actor, subject=request)


def carry_out(dispatch: Dispatch, order: CommandEnvelope) -> CommandResult:
    """Executes a command. Raises RuntimeError if it is refused."""
    return recorded(dispatch(order))


def recorded(answer: CommandResult | Refusal) -> CommandResult:
    """The result. Raises RuntimeError for a refusal."""
    if not isinstance(answer, CommandResult):
        raise RuntimeError(f"{type(answer).__name__}: {answer.message}")
    return answer
