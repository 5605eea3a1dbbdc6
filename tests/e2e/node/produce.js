// The use case's producer: {eventId, eventType, payload} with key eventId and no headers.
// usage: produce.js BOOTSTRAP TOPIC < [{eventId, eventType, payload}, ...]
const fs = require('fs');
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, topic] = process.argv.slice(2);
const events = JSON.parse(fs.readFileSync(0, 'utf8'));

async function main() {
  const kafka = new Kafka({ clientId: 'use-case', brokers: [bootstrap], logLevel: logLevel.ERROR });
  const producer = kafka.producer();
  await producer.connect();
  const sent = await producer.send({
    topic,
    acks: -1,
    messages: events.map((event) => ({ key: event.eventId, value: JSON.stringify(event) })),
  });
  await producer.disconnect();
  process.stdout.write(`${JSON.stringify({ sent: sent.length })}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
