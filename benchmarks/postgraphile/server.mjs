// PostGraphile on the tables of benchmarks/peer_tables.py. Arguments: the database's URL; with a second one, the key of
// JSON Web Tokens, whose claims give the role and the viewer's tokens for row-level security.
import { createServer } from "node:http";
import jsonwebtoken from "jsonwebtoken";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const [connectionString, key] = process.argv.slice(2);

function asViewer({ node }) {
  const token = node.req.headers.authorization?.replace(/^Bearer /, "");
  const { role, tokens } = jsonwebtoken.verify(token, key, { algorithms: ["HS256"] });
  return { pgSettings: { role, "viewer.tokens": tokens } };
}

const server = createServer();
const service = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString, schemas: ["peers"], poolConfig: { max: 10, idleTimeoutMillis: 0 } })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false },
  grafast: key ? { context: asViewer } : {},
}).createServ(grafserv);
await service.addTo(server);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

// The benchmark keeps standard input open for as long as it lives.
process.stdin.on("end", () => process.exit()).resume();
