"""Prometheus metrics of this process and of every view."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

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
        self._queued = queued
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

    def command(self, name: str, outcome: str, seconds: float) -> None:
        self._commands.labels(name, outcome).observe(seconds)

    def execution(self, executor: str) -> None:
        self._operations.labels(executor).inc()

    def render(self, health: HealthReport) -> bytes:
        return generate_latest(self._registry) + generate_latest(HealthCollector(health, self._queued()))


class HealthCollector(Collector):
    """The metrics of a health report. queued: commands waiting to be appended."""

    def __init__(self, health: HealthReport, queued: int) -> None:
        self._health = health
        self._queued = queued

    def collect(self) -> Iterator[Metric]:
        health, statuses, ended = self._health, self._health.statuses, self._health.ended
        ready_for = [(("commands",), health.is_ready_for_commands), (("reads",), health.is_ready_for_reads)]
        steps = (((each.view, each.rebuild.step), 1) for each in statuses if each.rebuild and each.rebuild.step)
        ends = [((each.view, each.outcome), each.ended_at.timestamp()) for each in ended]
        differing = [((each.view,), each.differing) for each in ended]
        yield _gauge("append_queue", "Commands waiting to be appended.", (), [((), self._queued)])
        yield _gauge("ready", "1 if /health/ready is ready.", (), [((), health.is_ready)])
        yield _gauge("ready_for", "1 if /health/ready/commands or /health/ready/reads is ready.", ("what",), ready_for)
        yield _gauge("warning", "1 for each health warning.", ("what",), (((what,), 1) for what in health.warnings))
        yield _gauge("problem", "1 for each health problem.", ("what",), (((what,), 1) for what in health.problems))
        for name, help_text, value in OF_VIEWS:
            yield _gauge(f"view_{name}", help_text, ("view",), [((each.view,), value(each)) for each in statuses])
        yield _gauge("view_rebuild_step", "1 for the current step of a rebuild.", ("view", "step"), steps)
        name, help_text = "view_rebuild_ended_timestamp_seconds", "When the last rebuild ended, by outcome."
        yield _gauge(name, help_text, ("view", "outcome"), ends)
        name, help_text = "view_rebuild_differing_rows", "Rows of the last rebuild that differed from those served."
        yield _gauge(name, help_text, ("view",), differing)


def _gauge(
    name: str, help_text: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float | None]]
) -> Metric:
    """samples: the labels' values, and the value; None is left out."""
    gauge = Gauge(f"mandate_{name}", help_text, labels=labels)
    for key, value in samples:
        if value is not None:
            gauge.add_metric(key, value)
    return gauge


def _of_rebuild(status: ViewStatus, name: str) -> float | None:
    """None if there is no rebuild in progress."""
    return float(getattr(status.rebuild, name)) if status.rebuild else None
