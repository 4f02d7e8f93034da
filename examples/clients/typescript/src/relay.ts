// Relay: its compiler checks and types the operations; its store needs no React.
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws"; // in a browser, leave it out, and webSocketImpl below
import type { relayFollowSubscription } from "./__generated__/relayFollowSubscription.graphql.js";
import type { relayReadQuery } from "./__generated__/relayReadQuery.graphql.js";
import type { relaySubmitMutation } from "./__generated__/relaySubmitMutation.graphql.js";
import type { relayWithdrawMutation } from "./__generated__/relayWithdrawMutation.graphql.js";
import { headers, input, url } from "./input.js";

const { commitMutation, Environment, fetchQuery, graphql, Network, Observable, requestSubscription, RecordSource, Store } =
  relay;

const socket = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: headers,
});
const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(
    async ({ text }, variables) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    },
    ({ text }, variables) =>
      Observable.create((sink) => socket.subscribe({ query: text ?? "", variables }, sink as never)),
  ),
});

const submitted = await new Promise<relaySubmitMutation["response"]["submitDeploymentRequest"]>((resolve, reject) => {
  commitMutation<relaySubmitMutation>(environment, {
    mutation: graphql`
      mutation relaySubmitMutation($input: SubmitDeploymentRequestInput!) {
        submitDeploymentRequest(input: $input) {
          __typename
          ... on DeploymentRequestRecorded {
            position
            deploymentRequest { id }
          }
          ... on Refusal { message }
        }
      }
    `,
    variables: { input },
    onCompleted: (response) => resolve(response.submitDeploymentRequest),
    onError: reject,
  });
});
const { position, deploymentRequest } = submitted;
if (!position || !deploymentRequest) throw new Error(submitted.message);
const { id } = deploymentRequest;

const read = await fetchQuery<relayReadQuery>(
  environment,
  graphql`
    query relayReadQuery($id: ID!, $position: Position!) {
      deploymentRequest(id: $id, atLeast: $position) { reference status }
    }
  `,
  { id, position },
).toPromise();
console.log("read", read?.deploymentRequest?.reference, read?.deploymentRequest?.status);

await new Promise<void>((resolve, reject) => {
  requestSubscription<relayFollowSubscription>(environment, {
    subscription: graphql`
      subscription relayFollowSubscription($id: ID!) {
        deploymentRequestChanged(id: $id) { reference status }
      }
    `,
    variables: { id },
    onNext(response) {
      const request = response?.deploymentRequestChanged;
      console.log("followed", request?.reference, request?.status);
      if (request?.status === "WITHDRAWN") return resolve();
      commitMutation<relayWithdrawMutation>(environment, {
        mutation: graphql`
          mutation relayWithdrawMutation($input: DeploymentRequestCommandInput!) {
            withdrawDeploymentRequest(input: $input) { __typename }
          }
        `,
        variables: { input: { id, reason: "EXERCISE: an example." } },
        onError: reject,
      });
    },
    onError: reject,
  });
});
await socket.dispose();
