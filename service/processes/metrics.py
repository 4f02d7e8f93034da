"""Prometheus metrics of this process and of every view."""

from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from projections.reading.view_status import ViewStatus
from projections.tables.checkpoints import FollowerState
from service.processes.health import HealthReport

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

OF_VIEWS: Final[tuple[tuple[str, str, Callable[[ViewStatus], float | None]], ...]] = (
    ("position", "Position of the last event applied.", lambda status: status.position),
    ("lag_events", "Events not yet applied.", lambda status: status.lag),
    ("lag_seconds", "Age of the oldest event not yet applied.", lambda status: status.lag_seconds),
    ("led", "1 while a follower leads it.", lambda status: status.led),
    (
        "failed",
        "1 while its follower cannot apply the next event.",
        lambda status: status.state is FollowerState.FAILED,
    ),
    ("parked", "Parked streams: an event could not be applied.", lambda status: status.parked),
    ("version", "Version of the code that wrote its rows.", lambda status: status.version),
    ("rebuild_processed", "Events read by the rebuild in progress.", lambda status: _of_rebuild(status, "processed")),
    ("rebuild_total", "Events that the rebuild in progress must read.", lambda status: _of_rebuild(status, "total")),
    (
        "rebuild_events_per_second",
        "Speed of the rebuild in progress.",
        lambda status: _of_rebuild(status, "events_per_second"),
    ),
)


class Metrics:
    """The metrics of one process."""

    def __init__(self, queued: Callable[[], int]) -> None:
        """queued: number of commands waiting to be appended."""
        self._registry = CollectorRegistry()
        self._commands = Histogram(
            "mandate_command_seconds",
            "Duration of a command, by name and outcome.",
            ("command", "outcome"),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._operations = Counter(
            "mandate_graphql_operations",
            "GraphQL operations executed, by executor: compiled, or reference (graphql-core).",
            ("executor",),
            registry=self._registry,
        )
        queue = Gauge("mandate_append_queue", "Commands waiting to be appended.", registry=self._registry)
        queue.set_function(queued)
        self._ready = Gauge("mandate_ready", "1 if /health/ready is ready.", registry=self._registry)
        self._ready_for = Gauge(
            "mandate_ready_for",
            "1 if /health/ready/commands or /health/ready/reads is ready.",
            ("what",),
            registry=self._registry,
        )
        self._warnings = Gauge("mandate_warning", "1 for each health warning.", ("what",), registry=self._registry)
        self._problems = Gauge("mandate_problem", "1 for each health problem.", ("what",), registry=self._registry)
        self._views = [
            (Gauge(f"mandate_view_{name}", help_text, ("view",), registry=self._registry), value)
            for name, help_text, value in OF_VIEWS
        ]
        self._step = Gauge(
            "mandate_view_rebuild_step",
            "1 for the current step of a rebuild.",
            ("view", "step"),
            registry=self._registry,
        )
        self._ended = Gauge(
            "mandate_view_rebuild_ended_timestamp_seconds",
            "When the last rebuild ended, by outcome.",
            ("view", "outcome"),
            registry=self._registry,
        )
        self._differing = Gauge(
            "mandate_view_rebuild_differing_rows",
            "Rows of the last rebuild that differed from those served.",
            ("view",),
            registry=self._registry,
        )

    def command(self, name: str, outcome: str, seconds: float) -> None:
        self._commands.labels(name, outcome).observe(seconds)

    def execution(self, executor: str) -> None:
        self._operations.labels(executor).inc()

    def render(self, health: HealthReport) -> bytes:
        self._ready.set(health.is_ready)
        self._ready_for.labels("commands").set(health.is_ready_for_commands)
        self._ready_for.labels("reads").set(health.is_ready_for_reads)
        for gauge, found in ((self._problems, health.problems), (self._warnings, health.warnings)):
            gauge.clear()
            for what in found:
                gauge.labels(what).set(1)
        self._set_views(health.statuses)
        self._set_rebuilds(health)
        return generate_latest(self._registry)

    def _set_views(self, statuses: Sequence[ViewStatus]) -> None:
        for gauge, value in self._views:
            gauge.clear()
            for status in statuses:
                if (found := value(status)) is not None:
                    gauge.labels(status.view).set(found)

    def _set_rebuilds(self, health: HealthReport) -> None:
        for gauge in (self._step, self._ended, self._differing):
            gauge.clear()
        for status in health.statuses:
            if status.rebuild and status.rebuild.step:
                self._step.labels(status.view, status.rebuild.step).set(1)
        for ended in health.ended:
            self._ended.labels(ended.view, ended.outcome).set(ended.ended_at.timestamp())
            self._differing.labels(ended.view).set(ended.differing)


def _of_rebuild(status: ViewStatus, name: str) -> float | None:
    """None if there is no rebuild in progress."""
    return float(getattr(status.rebuild, name)) if status.rebuild else None
