// From produce to consume at 1,000 records a second: the same client program (kafkajs) against both brokers, acks=all.
import { Kafka, logLevel } from 'kafkajs';
import { apacheKafka, embedded } from './brokers.js';
import { table } from './lib.js';

const PER_SECOND = 1000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);

async function latencies(address) {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const topic = `latency-${Date.now()}`;
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const seen = [];
  const joined = new Promise((done) => consumer.on('consumer.group_join', done));
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(performance.now() - Number(message.value)) });
  await joined;
  const producer = kafka.producer();
  await producer.connect();
  const sends = [];
  const from = performance.now();
  // One record at a time, every millisecond, whatever the answers do.
  for (let sent = 0; sent < PER_SECOND * SECONDS; ) {
    while (sent < ((performance.now() - from) / 1000) * PER_SECOND && sent < PER_SECOND * SECONDS) {
      sends.push(producer.send({ topic, messages: [{ value: String(performance.now()) }] }));
      sent++;
    }
    await new Promise((done) => setTimeout(done, 1));
  }
  await Promise.all(sends);
  while (seen.length < PER_SECOND * SECONDS) await new Promise((done) => setTimeout(done, 20));
  await producer.disconnect();
  await Promise.race([consumer.disconnect(), new Promise((done) => setTimeout(done, 6000))]);
  await admin.disconnect();
  // The first second warms both up.
  return seen.slice(PER_SECOND).sort((a, b) => a - b);
}

export async function run() {
  const rows = [];
  for (const [name, start] of [
    ['embedded, --fsync always', () => embedded(['--fsync', 'always'])],
    ['embedded, --fsync never', () => embedded(['--fsync', 'never'])],
    ['Apache Kafka 4.3.1', () => apacheKafka(19692)],
  ]) {
    const broker = await start();
    try {
      await latencies(broker.address);
      const sorted = await latencies(broker.address);
      const at = (share) => (Math.ceil(sorted[Math.floor(sorted.length * share)] * 100) / 100).toFixed(2);
      rows.push([name, at(0.5), at(0.99), at(0.999)]);
    } finally {
      await broker.stop();
    }
  }
  return table(['milliseconds, second of two rounds', 'p50', 'p99', 'p99.9'], rows);
}
