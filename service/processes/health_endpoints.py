"""Health and metrics over HTTP, for load balancers and monitoring. They need no token."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from service.processes.health import HealthReport
from service.processes.metrics import CONTENT_TYPE

READINESS: Final[Mapping[str, Callable[[HealthReport], bool]]] = {
    "/health/ready": lambda health: health.is_ready,
    "/health/ready/commands": lambda health: health.is_ready_for_commands,
    "/health/ready/reads": lambda health: health.is_ready_for_reads,
}
"""The body is the same for all paths: the problems, and the readiness for commands and reads."""


def mount_health_endpoints(app: FastAPI) -> None:
    """Requires `app.state.health_check` and `app.state.metrics`, set at start-up."""

    @app.get("/health/live")
    async def live() -> Response:
        return JSONResponse({"status": "live"})

    for path, is_ready in READINESS.items():
        app.get(path)(_readiness(is_ready))

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        health = await request.app.state.health_check.run()
        return Response(request.app.state.metrics.render(health), media_type=CONTENT_TYPE)


def _readiness(is_ready: Callable[[HealthReport], bool]) -> Callable[[Request], Any]:
    async def ready(request: Request) -> Response:
        health: HealthReport = await request.app.state.health_check.run()
        return JSONResponse(health.as_dict(), status_code=200 if is_ready(health) else 503)

    return ready
