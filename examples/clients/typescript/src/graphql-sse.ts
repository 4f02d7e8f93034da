// A subscription as server-sent events, with graphql-sse: through proxies that let no WebSocket pass.
import { print } from "graphql";
import { createClient } from "graphql-sse";
import { headers, input, url } from "./input.js";
import { FOLLOW, SUBMIT, WITHDRAW } from "./operations.js";
import type { FollowSubscription, SubmitMutation } from "./gql/graphql.js";

const client = createClient({ url, headers });

async function post<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json", Accept: "application/graphql-response+json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map((error) => error.message).join(" "));
  return data;
}

const { submitDeploymentRequest: submitted } = await post<SubmitMutation>(print(SUBMIT), { input });
if (submitted.__typename !== "DeploymentRequestRecorded") throw new Error(submitted.message);
const { id } = submitted.deploymentRequest;

const changes = client.iterate<FollowSubscription>({ query: print(FOLLOW), variables: { id } });
for await (const { data, errors } of changes) {
  if (errors) throw new Error(errors.map((error) => error.message).join(" "));
  const request = data?.deploymentRequestChanged;
  console.log("followed", request?.reference, request?.status);
  if (request?.status === "WITHDRAWN") break;
  await post(print(WITHDRAW), { input: { id, reason: "EXERCISE: an example." } });
}
client.dispose();
