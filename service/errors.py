"""Failures of the service's environment. Refusals of the domain are values and are not here."""

from uuid import UUID


class Misconfigured(Exception):
    """The service cannot start with this configuration. The message is one line and says what to do."""


class Unavailable(Exception):
    """The store cannot answer now: 503 with Retry-After.

    retry_after: seconds. recorded: False if it is certain that nothing was recorded, None if that is unknown.
    """

    def __init__(self, reason: str, *, retry_after: float = 1.0, recorded: bool | None = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.recorded = recorded


class Overloaded(Unavailable):
    """The process has too much to do at the moment."""


class Stopping(Unavailable):
    """The process is about to end."""

    def __init__(self) -> None:
        super().__init__("the service is stopping")


class OutcomeUnknown(Unavailable):
    """The database may have recorded the command. Its events, if any, follow `version` of the stream `subject`.

    has_key: whether the command had an idempotency key, so that it is safe to send it again.
    """

    def __init__(self, reason: str, *, subject: UUID, version: int, has_key: bool) -> None:
        super().__init__(reason, recorded=None)
        self.subject = subject
        self.version = version
        self.has_key = has_key

    @property
    def advice(self) -> str:
        """How the client can find out."""
        history = f"read the history of {self.subject}: if it was recorded, its events follow version {self.version}."
        if self.has_key:
            return f"Send it again with the same idempotency key: it is recorded once at most. Or {history}"
        return f"Do not send it again unseen: {history}"


class CorruptEvent(Exception):
    """A stored event is damaged, or this version cannot read it. Reading stops there."""


def first_line(error: BaseException) -> str:
    """What a database error says, without its details and hints. May be empty."""
    return str(error).strip().partition("\n")[0]
