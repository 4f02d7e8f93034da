"""Commands and queries over HTTP, changes over a WebSocket, with the library gql."""

import asyncio
import os
from uuid import uuid4

from gql import Client, GraphQLRequest, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("MANDATE_GRAPHQL", "http://127.0.0.1:8000/graphql")
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['TOKEN']}"}

SUBMIT = gql("""
    mutation Submit($input: SubmitDeploymentRequestInput!) {
      submitDeploymentRequest(input: $input) {
        __typename
        ... on DeploymentRequestRecorded { position deploymentRequest { id reference } }
        ... on InvalidInput { fields { path message } }
        ... on Refusal { message }
      }
    }
""")
READ = gql("""
    query Read($id: ID!, $position: Position!) {
      deploymentRequest(id: $id, atLeast: $position) { reference status }
    }
""")
WITHDRAW = gql("""
    mutation Withdraw($input: DeploymentRequestCommandInput!) {
      withdrawDeploymentRequest(input: $input) { __typename ... on Refusal { message } }
    }
""")
FOLLOW = gql("""
    subscription Follow($id: ID!) { deploymentRequestChanged(id: $id) { reference status } }
""")
INPUT = {
    "force": "Kosovo Security Force",
    "strength": 120,
    "region": "xk/north/zubin-potok",
    "purpose": "EXERCISE: to secure the repair of the canal.",
    "period": {"start": "2035-01-01T00:00:00Z", "end": "2035-04-01T00:00:00Z"},
    "idempotencyKey": str(uuid4()),  # a repeated command returns its first result
}


async def main() -> None:
    http = HTTPXAsyncTransport(url=URL, headers=AUTHORIZATION)
    socket = WebsocketsTransport(
        url=URL.replace("http", "ws", 1),
        init_payload=AUTHORIZATION,
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with Client(transport=http) as session, Client(transport=socket) as live:
        answer = await session.execute(GraphQLRequest(SUBMIT, variable_values={"input": INPUT}))
        submitted = answer["submitDeploymentRequest"]
        if submitted["__typename"] != "DeploymentRequestRecorded":
            raise SystemExit(submitted["message"])
        request, position = submitted["deploymentRequest"]["id"], submitted["position"]

        # The views follow within milliseconds: with its position, the command's effect is read.
        variables = {"id": request, "position": position}
        read = (await session.execute(GraphQLRequest(READ, variable_values=variables)))["deploymentRequest"]
        print("read", read["reference"], read["status"])

        async for change in live.subscribe(GraphQLRequest(FOLLOW, variable_values={"id": request})):
            seen = change["deploymentRequestChanged"]
            print("followed", seen["reference"], seen["status"])
            if seen["status"] == "WITHDRAWN":
                break
            withdrawal = {"id": request, "reason": "EXERCISE: an example."}
            await session.execute(GraphQLRequest(WITHDRAW, variable_values={"input": withdrawal}))


if __name__ == "__main__":
    asyncio.run(main())
