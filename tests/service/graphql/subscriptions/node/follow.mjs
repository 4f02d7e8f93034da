// Follows the events as a client of the ecosystem does, and prints the position of each: node follow.mjs WAY URL TOKEN
// A client that connects again asks anew with the variables as they are then: those are moved on with each event.
import { createClient as overStream } from "graphql-sse";
import { createClient as overSocket } from "graphql-ws";
import WebSocket from "ws";

const [way, url, token] = process.argv.slice(2);
const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
const retry = { retryAttempts: Infinity };
const client =
  way === "socket"
    ? overSocket({
        url: url.replace("http", "ws"),
        webSocketImpl: WebSocket,
        connectionParams: { Authorization: `Bearer ${token}` },
        shouldRetry: () => true,
        retryWait: wait,
        ...retry,
      })
    : overStream({ url, headers: { Authorization: `Bearer ${token}` }, retry: wait, ...retry });

const variables = { after: "0" };
const query = "subscription ($after: Position) { eventsRecorded(after: $after) { position } }";
client.subscribe(
  { query, variables },
  {
    next({ data, errors }) {
      if (errors) return end(errors);
      variables.after = data.eventsRecorded.position;
      process.stdout.write(`${variables.after}\n`);
    },
    error: end,
    complete: () => end("completed"),
  },
);
process.stdin.on("end", () => process.exit(0)).resume();

function end(why) {
  console.error(why);
  process.exit(1);
}
