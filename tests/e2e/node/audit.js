// The public GraphQL-over-HTTP audits of graphql-http against a server. Prints [{id, name, status, reason}].
// usage: audit.js URL
const { serverAudits } = require('graphql-http');

async function main() {
  const results = [];
  for (const audit of serverAudits({ url: process.argv[2], fetchFn: fetch })) {
    const result = await audit.fn();
    results.push({ id: audit.id, name: audit.name, status: result.status, reason: result.reason || null });
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
