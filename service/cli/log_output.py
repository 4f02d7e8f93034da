"""Logs of long-running processes, on stderr: a JSON object for each line, or readable text on a terminal."""

import logging
import sys
from typing import Final

import structlog
from opentelemetry import trace
from structlog.stdlib import ProcessorFormatter

from service.settings import LogFormat


def _add_trace(logger: object, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The trace of the request, if it is traced."""
    found = trace.get_current_span().get_span_context()
    if found.is_valid:
        line["trace_id"] = trace.format_trace_id(found.trace_id)
    return line


SHARED: Final[tuple[structlog.typing.Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    _add_trace,
)


def log_to_stderr(log_format: LogFormat) -> None:
    """Sends the log of this process to stderr. auto: text if stderr is a terminal, else JSON.

    Fields of a JSON line: time (RFC 3339, UTC), level, logger, message, and exception with its traceback;
    trace_id if the request is traced.
    """
    is_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[ProcessorFormatter.remove_processors_meta, *(_text() if is_text else _json())],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _text() -> list[structlog.typing.Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            timestamp_key="time", colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _json() -> list[structlog.typing.Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
