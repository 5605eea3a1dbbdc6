// The use case's consumer: parses message.value as JSON and switches on eventType. Prints one line a message.
// usage: consume.js BOOTSTRAP TOPIC GROUP
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, topic, groupId] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'use-case', brokers: [bootstrap], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId });
const print = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

async function main() {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const event = JSON.parse(message.value.toString());
      switch (event.eventType) {
        case 'QuoteCreated':
          print({
            handled: 'QuoteCreated',
            eventId: event.eventId,
            customerId: event.payload.customerId,
            amount: event.payload.amount,
            members: Object.keys(event),
            key: message.key === null ? null : message.key.toString(),
            headers: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)])),
            partition,
            offset: message.offset,
          });
          break;
        default:
          print({ handled: null, eventType: event.eventType });
      }
    },
  });
}

process.on('SIGTERM', () => consumer.disconnect().finally(() => process.exit(0)));
main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
