"""A typed client, which ariadne-codegen writes from the schema and queries.graphql."""

import asyncio
import os
from datetime import UTC, datetime
from uuid import uuid4

from mandate_client import Client
from mandate_client.enums import RequestStatus
from mandate_client.input_types import DeploymentRequestCommandInput, PeriodInput, SubmitDeploymentRequestInput
from mandate_client.submit import SubmitSubmitDeploymentRequestDeploymentRequestRecorded as Submitted

URL = os.environ.get("MANDATE_GRAPHQL", "http://127.0.0.1:8000/graphql")
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
INPUT = SubmitDeploymentRequestInput(
    force="Kosovo Security Force",
    strength=120,
    region="xk/north/zubin-potok",
    purpose="EXERCISE: to secure the repair of the canal.",
    period=PeriodInput(start=datetime(2035, 1, 1, tzinfo=UTC), end=datetime(2035, 4, 1, tzinfo=UTC)),
    idempotencyKey=str(uuid4()),
)


async def main() -> None:
    async with Client(
        URL,
        headers=AUTHORIZATION,
        ws_url=URL.replace("http", "ws", 1),
        ws_connection_init_payload=AUTHORIZATION,
    ) as client:
        submitted = (await client.submit(input=INPUT)).submit_deployment_request
        if not isinstance(submitted, Submitted):
            raise SystemExit(submitted.message)
        request = submitted.deployment_request.id
        read = (await client.read(id=request, position=submitted.position)).deployment_request
        assert read is not None
        print("read", read.reference, read.status.value)
        async for change in client.follow(id=request):
            seen = change.deployment_request_changed
            print("followed", seen.reference, seen.status.value)
            if seen.status is RequestStatus.WITHDRAWN:
                break
            await client.withdraw(input=DeploymentRequestCommandInput(id=request, reason="EXERCISE: an example."))


if __name__ == "__main__":
    asyncio.run(main())
