"""Parses a line into a command envelope: actor, time, command and subject."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID, uuid5

from domain import validation
from domain.deputies import principal_of
from domain.refusals import FieldProblem, InvalidInput
from domain.vocabulary import (
    REGISTER,
    Actor,
    AuthorityCode,
    ConditionId,
    CorrectionId,
    EvidenceId,
    IncidentId,
    RequestId,
    Role,
    Subject,
    derived_id,
    joined,
)
from service.access.identity import ISSUER
from service.commands.envelope import CommandEnvelope
from service.exchange.importing.command_parser import UnreadableValue, command, instant, string
from service.exchange.importing.importable_commands import COMMANDS, HistoryKind
from service.exchange.importing.imported_history import CommandLine, LineContext
from service.exchange.importing.raw_line import RawLine

FIELDS: Final = ("history", "command", "at", "actor", "input", "name")
MAX_PROBLEMS: Final = 20
"""Maximum number of problems in the refusal of a line."""
ACTOR_FIELDS: Final = ("subject", "authority", "roles", "issuer", "onBehalfOf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """What all lines of a file have in common.

    source: origin of the file; equal names from the same source are the same history.
    sha256: hash of the file, in hex. now: time of the import.
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
        """Id of the request or incident that a history opens."""
        return uuid5(self.origin, history)


def line(
    raw: RawLine, history: str, kind: HistoryKind | None, previous: datetime | None, file: ImportFile
) -> tuple[CommandLine, datetime | None]:
    """Parses a line. Also returns the earliest time that the next line may have."""
    assert raw.fields is not None
    command_name = raw.fields.get("command")
    name = raw.fields.get("name")
    problems = [*_duplicate_names(raw.content), *_shape(raw.fields, command_name, kind)]
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
        command=command_name if isinstance(command_name, str) else "",
        name=name if isinstance(name, str) else None,
        order=partial(_envelope, raw.fields, tuple(problems), file.subject(history), at, file, called),
        called=called,
    )
    return made, reached


def _duplicate_names(content: bytes) -> list[FieldProblem]:
    """Problems of duplicate names in an object (RFC 8259, section 4: parsers differ in which one they use)."""
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            twice.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)

    try:
        json.loads(content, object_pairs_hook=note)
    except RecursionError:
        return [FieldProblem(path="line", message="It is nested too deeply.")]
    except ValueError as error:
        return [FieldProblem(path="line", message=f"It is not valid JSON: {error}.")]
    return [FieldProblem(path=name, message="It occurs twice: remove one.") for name in twice]


def _shape(fields: Mapping[str, Any], command_name: object, kind: HistoryKind | None) -> list[FieldProblem]:
    problems = [
        FieldProblem(path=name, message=f"There is no such field; there are {joined(FIELDS, 'and')}.")
        for name in fields
        if name not in FIELDS
    ]
    importable = COMMANDS.get(command_name) if isinstance(command_name, str) else None
    if importable is None:
        problems.append(FieldProblem(path="command", message=f"One of {joined([*COMMANDS])} is needed."))
    elif kind is not importable[1]:
        message = f"This history is of one {kind}: a command on one {importable[1]} belongs in its own history."
        problems.append(FieldProblem(path="command", message=message))
    if not isinstance(fields.get("name"), str | None):
        problems.append(FieldProblem(path="name", message="Text is needed."))
    return problems


def _time(at: datetime, previous: datetime | None, file: ImportFile) -> list[FieldProblem]:
    if at > file.now:
        return [FieldProblem(path="at", message="It is in the future: a history contains past events only.")]
    if previous is not None and at < previous:
        message = "It is before the time of the line above: the lines of a history are in the order of their time."
        return [FieldProblem(path="at", message=message)]
    return []


def _envelope(
    fields: Mapping[str, Any],
    problems: tuple[FieldProblem, ...],
    subject: UUID,
    at: datetime,
    file: ImportFile,
    called: dict[UUID, str],
    context: LineContext,
) -> CommandEnvelope | InvalidInput:
    if problems:
        return InvalidInput.of(*problems[:MAX_PROBLEMS])
    if (name := fields.get("name")) in context.names:
        return InvalidInput.at("name", f"An earlier line already has the name '{name}'.")
    kind, about = COMMANDS[fields["command"]]
    try:
        actor = _actor(fields.get("actor"))
        parsed = command(kind, fields.get("input", {}), _resolver(file, called, context))
    except UnreadableValue as unreadable:
        return InvalidInput.of(*unreadable.problems[:MAX_PROBLEMS])
    return CommandEnvelope(
        command=parsed,
        actor=actor,
        subject=None if about is HistoryKind.AUTHORITY else subject,
        correlation=file.correlation,
        occurred_at=at,
    )


def _resolver(file: ImportFile, called: dict[UUID, str], context: LineContext) -> Any:
    def resolve(kind: Any, value: object) -> UUID:
        if kind in (IncidentId, RequestId):
            subject = file.subject(name := _name(value))
            if (given := _uuid(name)) is not None and not context.is_there(subject):
                return given
            called[subject] = name
            return subject
        if kind is EvidenceId:
            if (found := context.names.get(_name(value))) is None:
                raise ValueError(f"No earlier line records evidence with the name '{value}'.")
            return found
        if kind is CorrectionId:
            if (found := context.names.get(_name(value))) is None:
                raise ValueError(f"No earlier line proposes a correction with the name '{value}'.")
            return found
        assert kind is ConditionId
        return _condition(value, context)

    return resolve


def _condition(value: object, context: LineContext) -> UUID:
    decision = getattr(context.state, "decision", None)
    conditions = decision.conditions if decision else ()
    number = int(value) if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) < 4 else 0
    if not 1 <= number <= len(conditions):
        raise ValueError(f"The number of a condition is needed, from 1 on: the approval has {len(conditions)}.")
    found: UUID = conditions[number - 1].id
    return found


def _name(value: object) -> str:
    if not isinstance(value, str) or (problem := validation.unwritable(value)):
        raise ValueError("The name that another line gives it is needed." if not isinstance(value, str) else problem)
    return value


def _uuid(name: str) -> UUID | None:
    """The name as a UUID, if it is one."""
    try:
        return UUID(name) if len(name) == 36 else None
    except ValueError:
        return None


def _actor(given: object) -> Actor:
    """Parses the actor of a line. Raises UnreadableValue."""
    if not isinstance(given, Mapping):
        raise UnreadableValue(
            FieldProblem(path="actor", message="An object with subject, authority and roles is needed.")
        )
    unknown = [name for name in given if name not in ACTOR_FIELDS]
    if unknown:
        message = f"There is no such field; there are {joined(ACTOR_FIELDS, 'and')}."
        raise UnreadableValue(*(FieldProblem(path=f"actor.{name}", message=message) for name in unknown))
    roles = given.get("roles")
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) for role in roles):
        raise UnreadableValue(FieldProblem(path="actor.roles", message="A list of roles is needed."))
    actor = _checked_actor(
        string(given.get("issuer", ISSUER), "actor.issuer"),
        string(given.get("subject"), "actor.subject"),
        string(given.get("authority"), "actor.authority"),
        tuple(roles),
    )
    return _for_principal(actor, given.get("onBehalfOf"))


def _for_principal(actor: Actor, named: object) -> Actor:
    """The actor on behalf of the named person. Raises UnreadableValue."""
    if named is None:
        return actor
    principal = principal_of(string(named, "actor.onBehalfOf"), actor.issuer)
    if isinstance(principal, FieldProblem):
        raise UnreadableValue(replace(principal, path="actor.onBehalfOf"))
    return replace(actor, on_behalf_of=principal)


@lru_cache(maxsize=4096)
def _checked_actor(issuer: str, subject: str, authority: str, roles: tuple[str, ...]) -> Actor:
    problems = [
        FieldProblem(path=f"actor.{name}", message=message)
        for name, value, annotation in (
            ("issuer", issuer, Subject),
            ("subject", subject, Subject),
            ("authority", authority, AuthorityCode),
        )
        if (message := validation.judge(value, annotation)) is not None
    ]
    if authority == REGISTER:
        problems.append(
            FieldProblem(path="actor.authority", message=f"Only the register itself acts for '{REGISTER}'.")
        )
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
