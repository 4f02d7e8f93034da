"""Prometheus metrics of this process and of every view."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    ProcessCollector,
    Summary,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from projections.reading.read_connections import PoolUse
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


class Metrics(Collector):
    """The metrics of one process."""

    def __init__(
        self,
        queued: Callable[[], int],
        pools: Mapping[str, Callable[[], PoolUse]] | None = None,
        subscriptions: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        """queued: number of commands waiting to be appended. pools: of connections, by name. subscriptions: how many
        are open, by kind."""
        self._queued = queued
        self._pools = pools or {}
        self._subscriptions = subscriptions or {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "mandate_http_request_seconds",
            "Time until a response began, by method, path and status.",
            ("method", "path", "status"),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._documents = Summary(
            "mandate_graphql_document_seconds",
            "Duration of queries and mutations, by trusted document, and whether there were errors.",
            ("document", "outcome"),
            registry=self._registry,
        )
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

    def http(self, method: str, path: str, status: int, seconds: float) -> None:
        self._requests.labels(method, path, str(status)).observe(seconds)

    def document(self, name: str | None, seconds: float, has_errors: bool) -> None:
        """name: of a trusted document; None for all others."""
        self._documents.labels(name or "other", "errors" if has_errors else "ok").observe(seconds)

    def execution(self, executor: str) -> None:
        self._operations.labels(executor).inc()

    def render(self, health: HealthReport) -> bytes:
        parts = (self._registry, HealthCollector(health, self._queued()), self)
        return b"".join(map(generate_latest, parts))

    def collect(self) -> Iterator[Metric]:
        """The figures that are read when they are asked for."""
        uses = {name: use() for name, use in self._pools.items()}
        samples = [((name, state), getattr(use, state)) for name, use in uses.items() for state in PoolUse._fields]
        help_text = "Database connections of a pool: used, free, at most; and callers that wait for one."
        yield _gauge("pool_connections", help_text, ("pool", "state"), samples)
        open_ = [((kind,), count()) for kind, count in self._subscriptions.items()]
        yield _gauge("subscriptions", "Open subscriptions and their connections.", ("kind",), open_)


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
        counts = [(("pending",), health.deliveries.pending), (("dead",), health.deliveries.dead)]
        yield _gauge(
            "deliveries", "Messages to webhooks and mail addresses that wait or were given up.", ("state",), counts
        )
        oldest = [((), health.deliveries.oldest)]
        yield _gauge("delivery_oldest_seconds", "Age of the oldest message that waits.", (), oldest)
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
