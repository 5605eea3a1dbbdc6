// Reads SDL from standard input with graphql-js. Prints {sdl, errors}: the schema as graphql-js prints it, sorted.
const fs = require('fs');
const { buildSchema, lexicographicSortSchema, printSchema, validateSchema } = require('graphql');

const schema = buildSchema(fs.readFileSync(0, 'utf8'));
process.stdout.write(
  `${JSON.stringify({
    sdl: printSchema(lexicographicSortSchema(schema)),
    errors: validateSchema(schema).map((error) => error.message),
  })}\n`,
);
