// @kafkajs/confluent-schema-registry, in both directions.
// usage: registry.js encode URL TYPE SUBJECT < {schema, payload}     -> {id, value (base64)}
//        registry.js decode URL < {value (base64)}                    -> {payload}
const fs = require('fs');
const { SchemaRegistry, SchemaType } = require('@kafkajs/confluent-schema-registry');
const Ajv2020 = require('ajv/dist/2020').default; // of the registry's own validator, which knows draft 07 alone

const [verb, host, type, subject] = process.argv.slice(2);
const input = JSON.parse(fs.readFileSync(0, 'utf8'));
const schemas = verb === 'decode' ? { [SchemaType.JSON]: { ajvInstance: new Ajv2020({ strict: false }) } } : undefined;
const registry = new SchemaRegistry({ host, retry: { retries: 1 } }, schemas);

async function main() {
  if (verb === 'encode') {
    const { id } = await registry.register({ type: SchemaType[type], schema: input.schema }, { subject });
    const value = await registry.encode(id, input.payload);
    return { id, value: value.toString('base64') };
  }
  const payload = await registry.decode(Buffer.from(input.value, 'base64'));
  return { payload: JSON.parse(JSON.stringify(payload)) };
}

main().then(
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
