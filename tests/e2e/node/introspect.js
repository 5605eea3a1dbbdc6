// Loads a served schema as GraphiQL does: the introspection query of graphql-js with every option, answered by the
// server, through buildClientSchema and validateSchema. Prints {sdl, types, errors}.
// usage: introspect.js URL
const { buildClientSchema, getIntrospectionQuery, printSchema, validateSchema } = require('graphql');

async function main() {
  const query = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  const answer = await fetch(process.argv[2], {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query, operationName: 'IntrospectionQuery' }),
  });
  const { data, errors } = await answer.json();
  if (errors) {
    process.stdout.write(`${JSON.stringify({ errors: errors.map((error) => error.message) })}\n`);
    return;
  }
  const schema = buildClientSchema(data);
  const kinds = {};
  for (const type of Object.values(schema.getTypeMap())) {
    kinds[type.name] = {
      kind: type.astNode === undefined ? type.constructor.name : type.astNode.kind,
      description: type.description || null,
      specifiedBy: type.specifiedByURL || null,
    };
  }
  process.stdout.write(
    `${JSON.stringify({
      sdl: printSchema(schema),
      types: kinds,
      errors: validateSchema(schema).map((error) => error.message),
    })}\n`,
  );
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
