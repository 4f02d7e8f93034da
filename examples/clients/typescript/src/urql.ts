// urql: queries and commands over HTTP, subscriptions over a WebSocket.
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws"; // in a browser, leave it out, and webSocketImpl below
import { headers, input, url } from "./input.js";
import { FOLLOW, READ, SUBMIT, WITHDRAW } from "./operations.js";

const socket = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
});
const client = new Client({
  url,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? "", variables }, sink) }),
      }),
    }),
  ],
});

const { data, error } = await client.mutation(SUBMIT, { input });
if (error) throw error;
const submitted = data?.submitDeploymentRequest;
if (submitted?.__typename !== "DeploymentRequestRecorded") throw new Error(submitted?.message);
const { id } = submitted.deploymentRequest;

const read = await client.query(READ, { id, position: submitted.position });
console.log("read", read.data?.deploymentRequest?.reference, read.data?.deploymentRequest?.status);

await new Promise<void>((resolve, reject) => {
  const following = client.subscription(FOLLOW, { id }).subscribe(({ data, error }) => {
    if (error) return reject(error);
    const request = data?.deploymentRequestChanged;
    console.log("followed", request?.reference, request?.status);
    if (request?.status !== "WITHDRAWN") {
      client.mutation(WITHDRAW, { input: { id, reason: "EXERCISE: an example." } }).then((done) => {
        if (done.error) reject(done.error);
      }, reject);
      return;
    }
    following.unsubscribe();
    resolve();
  });
});
await socket.dispose();
