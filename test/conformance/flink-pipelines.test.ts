import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FlinkScript, flinkScript } from '../../src/flink/flink-script.js';
import { pipelines } from '../../src/pipelines/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { builtInParameters } from '../support/built-in.js';
import { FlinkSession, hasFlink } from '../support/flink.js';
import {
  differences,
  fixtureRecords,
  type ResultRow,
  resultIdentity,
  runPipeline,
  type TestRecord,
} from '../support/pipeline-run.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';

/** Sinks whose results a Flink job gives exactly; the others are approximated by name in the script. */
const COMPARED: readonly (readonly [pipeline: string, sinks: readonly string[]])[] = [
  ['cars', ['prices', 'models']],
  ['news', ['per-window', 'sliding', 'totals']],
  ['weather', ['metrics', 'regions', 'cities']],
];

const GATEWAY_PORT = Number(process.env.FLINK_GATEWAY_PORT ?? 28183);
const REST_PORT = Number(process.env.FLINK_REST_PORT ?? 28181);

describe.skipIf(!hasFlink)('the scripts of the built-in pipelines on Apache Flink', () => {
  let broker: TestBroker;
  let flink: Awaited<ReturnType<typeof FlinkSession.start>>;
  let kafka: Kafka;
  let admin: Admin;
  beforeAll(async () => {
    broker = await startTestBroker();
    kafka = new Kafka({ brokers: [address()], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    flink = await FlinkSession.start(GATEWAY_PORT, REST_PORT);
  }, 120_000);
  afterAll(async () => {
    await flink?.session.cancelJobs();
    flink?.stop();
    await admin?.disconnect();
    await broker?.stop();
  }, 60_000);

  function address(): string {
    return `127.0.0.1:${broker.running.port}`;
  }

  /** Makes the tables and views of a script in a session of its own. */
  async function prepare(plan: Plan): Promise<{ script: FlinkScript; inserts: string }> {
    const script = flinkScript(plan, { parameters: builtInParameters(plan), brokers: address(), bounded: true });
    await flink.session.renew();
    for (const statement of script.statements.slice(0, -1)) await flink.session.sql(statement);
    return { script, inserts: script.statements.at(-1)! };
  }

  it.each(pipelines.map((plan) => [plan.name, plan] as const))(
    'plans %s',
    async (_, plan) => {
      const { inserts } = await prepare(plan);
      const explained = await flink.session.sql(inserts.replace(/^EXECUTE/, 'EXPLAIN'));
      expect(String(explained.rows[0]?.[0])).toContain('Optimized Execution Plan');
    },
    180_000,
  );

  it.each(COMPARED)(
    'gives the results of %s',
    async (name, sinks) => {
      const plan = pipelines.find((candidate) => candidate.name === name)!;
      const records = fixtureRecords(plan, 2);
      const ours = runPipeline(plan, records);
      await admin.createTopics({
        topics: plan.topics.map(({ name: topic, partitions }) => ({ topic, numPartitions: Math.max(2, partitions) })),
        waitForLeaders: true,
      });
      await send(plan.sources[0]!.topic, records);
      const { inserts } = await prepare(plan);
      await flink.session.sql(inserts);
      await flink.session.finishJobs();
      for (const sink of sinks) {
        const theirs = await read(plan, sink);
        expect(ours.finals(sink).size, sink).toBeGreaterThan(0);
        expect(differences(theirs, ours.finals(sink)), sink).toEqual([]);
      }
    },
    120_000,
  );

  async function send(topic: string, records: readonly TestRecord[]): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    const messages = records.map(({ text, partition, timestampMs }) => ({
      value: text,
      partition,
      timestamp: String(timestampMs),
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  /** The newest row per identity in the topic of a sink. */
  async function read(plan: Plan, name: string): Promise<ReadonlyMap<string, ResultRow>> {
    const sink = plan.sinks.find((candidate) => candidate.name === name)!;
    const ends = await admin.fetchTopicOffsets(sink.topic);
    const wanted = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    const rows = new Map<string, ResultRow>();
    const consumer = kafka.consumer({ groupId: `read-${sink.topic}` });
    await consumer.connect();
    await consumer.subscribe({ topic: sink.topic, fromBeginning: true });
    let seen = 0;
    await new Promise<void>((done) => {
      if (wanted === 0) done();
      void consumer.run({
        eachMessage: async ({ message }) => {
          seen++;
          if (message.value) {
            const row = JSON.parse(String(message.value)) as Record<string, ResultRow[string]>;
            for (const { name: column, type } of sink.columns) {
              if (type === 'timestamp' && row[column] !== null) row[column] = Date.parse(String(row[column]));
            }
            rows.set(resultIdentity(plan, name, row), row);
          }
          if (seen >= wanted) done();
        },
      });
    });
    await consumer.disconnect();
    return rows;
  }
});
