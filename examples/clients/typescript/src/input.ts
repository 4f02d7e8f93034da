// Where the register is, who asks, and what they ask for.
import { randomUUID } from "node:crypto";
import type { SubmitDeploymentRequestInput } from "./gql/graphql.js";

export const url = process.env["MANDATE_GRAPHQL"] ?? "http://127.0.0.1:8000/graphql";
export const headers = { Authorization: `Bearer ${process.env["TOKEN"]}` };

export const input: SubmitDeploymentRequestInput = {
  force: "Kosovo Security Force",
  strength: 120,
  region: "xk/north/zubin-potok",
  purpose: "EXERCISE: to secure the repair of the canal.",
  period: { start: "2035-01-01T00:00:00Z", end: "2035-04-01T00:00:00Z" },
  idempotencyKey: randomUUID(), // a repeated command returns its first result
};
