import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowAt, type Value } from '../../src/base/row-batch.js';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import { flinkScript } from '../../src/flink/flink-script.js';
import type { Plan } from '../../src/plan/plan.js';
import { FlinkSession, hasFlink } from '../support/flink.js';
import { makeTopics } from '../support/make-topics.js';
import {
  differences,
  fixtureRecords,
  fixtureSettings,
  type ResultRow,
  resultIdentity,
  runPipeline,
  type TestRecord,
} from '../support/pipeline-run.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';

const pipelines = await allPipelines();

/** Sinks whose results a Flink job gives exactly, but for the columns that the script says are others. */
const COMPARED: readonly [pipeline: string, sinks: readonly string[], others: readonly string[]][] = [
  ['cars', ['prices', 'models'], []],
  ['news', ['per-window', 'sliding', 'totals'], []],
  ['weather', ['metrics', 'regions', 'cities'], []],
  // A result with every change, not once a minute: the last one is of the same rows.
  ['velib', ['bikes', 'total', 'stations'], ['as_of']],
  ['water', ['metrics', 'sites', 'ph-bands', 'programmes', 'lots'], []],
  ['stocks', ['minutes', 'days', 'live', 'averages'], ['ema_20']],
];

describe.skipIf(!hasFlink)('the scripts of the built-in pipelines on Apache Flink', () => {
  let broker: TestBroker;
  let flink: Awaited<ReturnType<typeof FlinkSession.start>>;
  let kafka: Kafka;
  let admin: Admin;
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-flink-'));
  beforeAll(async () => {
    broker = await startTestBroker();
    kafka = new Kafka({ brokers: [address()], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    flink = await FlinkSession.start();
  }, 120_000);
  afterAll(async () => {
    await flink?.session.cancelJobs();
    flink?.stop();
    await admin?.disconnect();
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function address(): string {
    return `127.0.0.1:${broker.running.port}`;
  }

  /** The plan with its reference files as Flink reads them: without a header, columns in their order. */
  function located(plan: Plan): Plan {
    const given = fixtureSettings(plan).tables ?? {};
    const cell = (value: Value | undefined): string => {
      const text = String(value ?? '');
      return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const tables = plan.tables.map((table) => {
      if (table.from.kind !== 'file') return table;
      const { rows } = given[table.name]!;
      const lines = Array.from({ length: rows.length }, (_, at) => {
        const row = rowAt(rows, at);
        return table.columns.map(({ name }) => cell(row[name])).join(',');
      });
      const path = join(folder, `${table.name}.csv`);
      writeFileSync(path, `${lines.join('\n')}\n`);
      return { ...table, from: { ...table.from, path } };
    });
    return { ...plan, tables };
  }

  /** Makes the tables and views of a script in a session of its own; what is left is the INSERT. */
  /** Where rows replace each other, Flink leaves out those whose record key is null. */
  function writtenBy(plan: Plan, name: string): (result: readonly [string, ResultRow]) => boolean {
    const { topic, keys } = plan.sinks.find((candidate) => candidate.name === name)!;
    const parameters = fixtureSettings(plan).parameters ?? {};
    const { statements } = flinkScript(located(plan), { parameters, brokers: address(), bounded: true });
    const table = statements.find((statement) => statement.includes(`'topic' = '${topic}'`))!;
    const replaces = table.includes("'connector' = 'upsert-kafka'");
    return ([, row]) => !replaces || keys.every((key) => row[key] !== null);
  }

  async function prepare(plan: Plan): Promise<string> {
    const parameters = fixtureSettings(plan).parameters ?? {};
    const script = flinkScript(located(plan), { parameters, brokers: address(), bounded: true });
    await flink.session.renew();
    for (const statement of script.statements.slice(0, -1)) await flink.session.sql(statement);
    return script.statements.at(-1)!;
  }

  it.each(COMPARED.map(([name]) => [name, pipelines.find((plan) => plan.name === name)!] as const))(
    'plans %s',
    async (_, plan) => {
      const inserts = await prepare(plan);
      const explained = await flink.session.sql(inserts.replace(/^EXECUTE/, 'EXPLAIN'));
      expect(String(explained.rows[0]?.[0])).toContain('Optimized Execution Plan');
    },
    180_000,
  );

  it.each(COMPARED)(
    'gives the results of %s',
    async (name, sinks, others) => {
      const plan = pipelines.find((candidate) => candidate.name === name)!;
      const records = fixtureRecords(plan, 2);
      const ours = runPipeline(plan, records, fixtureSettings(plan));
      await makeTopics(
        admin,
        plan.topics.map(({ name: topic, partitions }) => ({ topic, numPartitions: Math.max(2, partitions) })),
      );
      await send(plan.sources[0]!.topic, records);
      await flink.session.sql(await prepare(plan));
      await flink.session.finishJobs();
      const without = (rows: ReadonlyMap<string, ResultRow>): ReadonlyMap<string, ResultRow> =>
        new Map(
          [...rows].map(([id, row]) => [id, { ...row, ...Object.fromEntries(others.map((one) => [one, null])) }]),
        );
      for (const sink of sinks) {
        const theirs = await read(plan, sink);
        const expected = new Map([...ours.finals(sink)].filter(writtenBy(plan, sink)));
        expect(expected.size, sink).toBeGreaterThan(0);
        expect(differences(without(theirs), without(expected)).slice(0, 20), sink).toEqual([]);
      }
    },
    240_000,
  );

  async function send(topic: string, records: readonly TestRecord[]): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    const messages = records.map(({ text, partition, timestampMs, headers = {} }) => ({
      value: text,
      headers: { ...headers },
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
