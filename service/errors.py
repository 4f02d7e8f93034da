"""What can go wrong with the world around the service. A refusal of the domain is a value and is not here."""


class Misconfigured(Exception):
    """The service cannot start as it is configured. The message is one line and says what to do."""


class Unavailable(Exception):
    """The store cannot answer now: 503 with Retry-After, never a hang.

    retry_after: seconds. recorded: False where it is certain that nothing was recorded, None where that could not be
    found out (the same command with the same idempotency key finds out).
    """

    def __init__(self, reason: str, *, retry_after: float = 1.0, recorded: bool | None = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.recorded = recorded


class CorruptEvent(Exception):
    """What is stored is not what was written, or not what this version can read. Nothing goes on past it."""
