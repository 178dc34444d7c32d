// From produce to consume at 1,000 records a second: the same client program (kafkajs) against both brokers, acks=all.
import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { apacheKafka, embedded } from './brokers.js';
import { scratch, table } from './lib.js';

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

/** What the disk alone costs: an append a millisecond, fdatasync, everything that came meanwhile joins the next one. */
async function diskAlone() {
  const file = openSync(join(scratch(), 'log'), 'w');
  const record = Buffer.alloc(100);
  const seen = [];
  const waiting = [];
  let syncing = false;
  const sync = () => {
    if (syncing || waiting.length === 0) return;
    syncing = true;
    const mine = waiting.splice(0);
    fdatasync(file, () => {
      syncing = false;
      for (const at of mine) seen.push(performance.now() - at);
      sync();
    });
  };
  const from = performance.now();
  for (let sent = 0; sent < PER_SECOND * SECONDS; ) {
    while (sent < ((performance.now() - from) / 1000) * PER_SECOND && sent < PER_SECOND * SECONDS) {
      writeSync(file, record);
      waiting.push(performance.now());
      sent++;
      sync();
    }
    await new Promise((done) => setTimeout(done, 1));
  }
  while (syncing) await new Promise((done) => setTimeout(done, 20));
  closeSync(file);
  return seen.slice(PER_SECOND).sort((a, b) => a - b);
}

const percentiles = (sorted) =>
  [0.5, 0.99, 0.999].map((share) => (Math.ceil(sorted[Math.floor(sorted.length * share)] * 100) / 100).toFixed(2));

export async function run() {
  const rows = [];
  for (const [name, start] of [
    ['embedded, --fsync never', () => embedded(['--fsync', 'never'])],
    ['Apache Kafka 4.3.1', () => apacheKafka(19692)],
    ['embedded, --fsync always', () => embedded(['--fsync', 'always'])],
    ['Apache Kafka 4.3.1, flushing every message', () => apacheKafka(19692, 'log.flush.interval.messages=1')],
  ]) {
    const broker = await start();
    try {
      await latencies(broker.address);
      const sorted = await latencies(broker.address);
      rows.push([name, ...percentiles(sorted)]);
    } finally {
      await broker.stop();
    }
  }
  rows.push(['the disk alone: append, fdatasync', ...percentiles(await diskAlone())]);
  return table(['milliseconds, second of two rounds', 'p50', 'p99', 'p99.9'], rows);
}
