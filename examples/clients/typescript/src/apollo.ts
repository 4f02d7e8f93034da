// Apollo Client: queries and commands over HTTP, subscriptions over a WebSocket.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // in a browser, leave it out, and webSocketImpl below
import { headers, input, url } from "./input.js";
import { FOLLOW, READ, SUBMIT, WITHDRAW } from "./operations.js";

const socket = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
});
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url, headers }),
  ),
  cache: new InMemoryCache({
    possibleTypes: {
      Refusal: [
        "IdempotencyConflict", "InvalidInput", "NotFound", "NotPermitted", "TransitionRefused", "VersionConflict",
      ],
    },
  }),
});

const { data } = await client.mutate({ mutation: SUBMIT, variables: { input } });
const submitted = data?.submitDeploymentRequest;
if (submitted?.__typename !== "DeploymentRequestRecorded") throw new Error(submitted?.message);
const { id } = submitted.deploymentRequest;

const read = await client.query({ query: READ, variables: { id, position: submitted.position } });
console.log("read", read.data?.deploymentRequest?.reference, read.data?.deploymentRequest?.status);

await new Promise<void>((resolve, reject) => {
  client.subscribe({ query: FOLLOW, variables: { id } }).subscribe({
    next({ data, error }) {
      if (error) return reject(error);
      const request = data?.deploymentRequestChanged;
      console.log("followed", request?.reference, request?.status);
      if (request?.status === "WITHDRAWN") return resolve();
      const withdrawal = { input: { id, reason: "EXERCISE: an example." } };
      client.mutate({ mutation: WITHDRAW, variables: withdrawal }).catch(reject);
    },
    error: reject,
  });
});
client.stop();
await socket.dispose();
