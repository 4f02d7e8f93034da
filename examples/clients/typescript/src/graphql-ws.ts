// Everything over one WebSocket, with graphql-ws: commands, queries and subscriptions.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // in a browser, leave it out, and webSocketImpl below
import { headers, input, url } from "./input.js";
import { FOLLOW, READ, SUBMIT, WITHDRAW } from "./operations.js";

const client = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
  shouldRetry: () => true,
});

async function* results<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query: print(document), variables })) {
    if (errors) throw new Error(errors.map((error) => error.message).join(" "));
    if (data) yield data;
  }
}

async function result<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  for await (const data of results(document, variables)) return data;
  throw new Error("no answer");
}

const { submitDeploymentRequest: submitted } = await result(SUBMIT, { input });
if (submitted.__typename !== "DeploymentRequestRecorded") throw new Error(submitted.message);
const { position, deploymentRequest } = submitted;

// The views follow within milliseconds: with its position, the command's effect is read.
const read = await result(READ, { id: deploymentRequest.id, position });
console.log("read", read.deploymentRequest?.reference, read.deploymentRequest?.status);

for await (const { deploymentRequestChanged: request } of results(FOLLOW, { id: deploymentRequest.id })) {
  console.log("followed", request.reference, request.status);
  if (request.status === "WITHDRAWN") break;
  await result(WITHDRAW, { input: { id: deploymentRequest.id, reason: "EXERCISE: an example." } });
}
await client.dispose();
