"""From what a line says to the order that it stands for: who, when, which command, on what."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID, uuid5

from domain import wellformed
from domain.refusals import FieldProblem, InvalidInput
from domain.vocabulary import (
    REGISTER,
    Actor,
    AuthorityCode,
    ConditionId,
    EvidenceId,
    IncidentId,
    Role,
    Subject,
    derived_id,
    joined,
)
from service.commands.envelope import CommandEnvelope
from service.exchange.importing.command_parser import UnreadableValue, command, instant, string
from service.exchange.importing.importable_commands import COMMANDS, HistoryKind
from service.exchange.importing.imported_history import CommandLine, LineContext
from service.exchange.importing.raw_line import RawLine
from service.identity import ISSUER

FIELDS: Final = ("history", "command", "at", "actor", "input", "name")
MOST_PROBLEMS: Final = 20
"""Of a line that its refusal tells."""
ACTOR_FIELDS: Final = ("subject", "authority", "roles", "issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """What all lines of a file have in common.

    source: the register that it is from; the same names of the same source are the same histories.
    sha256: of the file, hex. now: when it is imported.
    """

    source: str
    sha256: str
    now: datetime

    @property
    def correlation(self) -> UUID:
        return derived_id("import", self.sha256)

    @property
    def origin(self) -> UUID:
        return derived_id("import-source", self.source)

    def subject(self, history: str) -> UUID:
        """The id of the request or incident that a history opens."""
        return uuid5(self.origin, history)


def line(
    raw: RawLine, history: str, kind: HistoryKind | None, previous: datetime | None, file: ImportFile
) -> tuple[CommandLine, datetime | None]:
    """A line of a history, and the time that the next one must not lie before: that of the last line that has one."""
    assert raw.fields is not None
    told = raw.fields.get("command")
    name = raw.fields.get("name")
    problems = [*_twice(raw.content), *_shape(raw.fields, told, kind)]
    at, reached = file.now, previous
    try:
        at = instant(raw.fields.get("at"), "at")
    except UnreadableValue as unreadable:
        problems.extend(unreadable.problems)
    else:
        out_of_time = _time(at, previous, file)
        problems.extend(out_of_time)
        reached = previous if out_of_time else at
    called: dict[UUID, str] = {}
    made = CommandLine(
        number=raw.number,
        command=told if isinstance(told, str) else "",
        name=name if isinstance(name, str) else None,
        order=partial(_order, raw.fields, tuple(problems), file.subject(history), at, file, called),
        called=called,
    )
    return made, reached


def _twice(content: bytes) -> list[FieldProblem]:
    """The fields that an object says twice (RFC 8259, 4: readers differ in which one they take)."""
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            twice.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)

    try:
        json.loads(content, object_pairs_hook=note)
    except RecursionError:
        return [FieldProblem(path="line", message="It is nested too deeply.")]
    except ValueError as error:
        return [FieldProblem(path="line", message=f"It is no JSON that can be read: {error}.")]
    return [FieldProblem(path=name, message="It is said twice: leave one out.") for name in twice]


def _shape(fields: Mapping[str, Any], told: object, kind: HistoryKind | None) -> list[FieldProblem]:
    problems = [
        FieldProblem(path=name, message=f"There is no such field; there are {joined(FIELDS, 'and')}.")
        for name in fields
        if name not in FIELDS
    ]
    known = COMMANDS.get(told) if isinstance(told, str) else None
    if known is None:
        problems.append(FieldProblem(path="command", message=f"One of {joined([*COMMANDS])} is needed."))
    elif kind is not known[1]:
        message = f"This history is of one {kind}: a command on one {known[1]} stands in a history of its own."
        problems.append(FieldProblem(path="command", message=message))
    if not isinstance(fields.get("name"), str | None):
        problems.append(FieldProblem(path="name", message="Text is needed."))
    return problems


def _time(at: datetime, previous: datetime | None, file: ImportFile) -> list[FieldProblem]:
    if at > file.now:
        return [FieldProblem(path="at", message="It lies in the future: a history has happened.")]
    if previous is not None and at < previous:
        message = "It lies before the line above: the lines of a history stand in the order in which they happened."
        return [FieldProblem(path="at", message=message)]
    return []


def _order(
    fields: Mapping[str, Any],
    problems: tuple[FieldProblem, ...],
    subject: UUID,
    at: datetime,
    file: ImportFile,
    called: dict[UUID, str],
    known: LineContext,
) -> CommandEnvelope | InvalidInput:
    if problems:
        return InvalidInput.of(*problems[:MOST_PROBLEMS])
    if (name := fields.get("name")) in known.names:
        return InvalidInput.at("name", f"A line above has the name '{name}' already.")
    kind, about = COMMANDS[fields["command"]]
    try:
        actor = _actor(fields.get("actor"))
        given = command(kind, fields.get("input", {}), _resolver(file, called, known))
    except UnreadableValue as unreadable:
        return InvalidInput.of(*unreadable.problems[:MOST_PROBLEMS])
    return CommandEnvelope(
        command=given,
        actor=actor,
        subject=None if about is HistoryKind.AUTHORITY else subject,
        correlation=file.correlation,
        occurred_at=at,
    )


def _resolver(file: ImportFile, called: dict[UUID, str], known: LineContext) -> Any:
    def resolve(kind: Any, value: object) -> UUID:
        if kind is IncidentId:
            incident = file.subject(name := _name(value))
            if (given := _uuid(name)) is not None and not known.is_there(incident):
                return given
            called[incident] = name
            return incident
        if kind is EvidenceId:
            if (found := known.names.get(_name(value))) is None:
                raise ValueError(f"No line above records evidence with the name '{value}'.")
            return found
        assert kind is ConditionId
        return _condition(value, known)

    return resolve


def _condition(value: object, known: LineContext) -> UUID:
    decision = getattr(known.state, "decision", None)
    conditions = decision.conditions if decision else ()
    number = int(value) if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) < 4 else 0
    if not 1 <= number <= len(conditions):
        raise ValueError(f"The number of a condition is needed, from 1 on: the approval has {len(conditions)}.")
    found: UUID = conditions[number - 1].id
    return found


def _name(value: object) -> str:
    if not isinstance(value, str) or (problem := wellformed.unwritable(value)):
        raise ValueError("The name that another line gives it is needed." if not isinstance(value, str) else problem)
    return value


def _uuid(name: str) -> UUID | None:
    """What may be the id of an incident of the register."""
    try:
        return UUID(name) if len(name) == 36 else None
    except ValueError:
        return None


def _actor(told: object) -> Actor:
    """The person, authority and roles that a line names. Raises Unreadable."""
    if not isinstance(told, Mapping):
        raise UnreadableValue(
            FieldProblem(path="actor", message="An object with subject, authority and roles is needed.")
        )
    unknown = [name for name in told if name not in ACTOR_FIELDS]
    if unknown:
        message = f"There is no such field; there are {joined(ACTOR_FIELDS, 'and')}."
        raise UnreadableValue(*(FieldProblem(path=f"actor.{name}", message=message) for name in unknown))
    roles = told.get("roles")
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) for role in roles):
        raise UnreadableValue(FieldProblem(path="actor.roles", message="A list of roles is needed."))
    return _known_actor(
        string(told.get("issuer", ISSUER), "actor.issuer"),
        string(told.get("subject"), "actor.subject"),
        string(told.get("authority"), "actor.authority"),
        tuple(roles),
    )


@lru_cache(maxsize=4096)
def _known_actor(issuer: str, subject: str, authority: str, roles: tuple[str, ...]) -> Actor:
    problems = [
        FieldProblem(path=f"actor.{name}", message=message)
        for name, value, annotation in (
            ("issuer", issuer, Subject),
            ("subject", subject, Subject),
            ("authority", authority, AuthorityCode),
        )
        if (message := wellformed.judge(value, annotation)) is not None
    ]
    if authority == REGISTER:
        problems.append(FieldProblem(path="actor.authority", message=f"Nobody acts for '{REGISTER}' but itself."))
    if unknown := [role for role in roles if role not in Role.__members__]:
        message = f"'{unknown[0]}' is no role: there are {joined([role.value for role in Role], 'and')}."
        problems.append(FieldProblem(path="actor.roles", message=message))
    if problems:
        raise UnreadableValue(*problems)
    return Actor(
        issuer=issuer,
        subject=Subject(subject),
        authority=AuthorityCode(authority),
        roles=tuple(role for role in Role if role in roles),
    )
