import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchOf, rowAt } from '../../src/base/row-batch.js';
import type { JobOptions } from '../../src/engine/job.js';
import { flinkScript } from '../../src/flink/flink-script.js';
import type { Plan } from '../../src/plan/plan.js';
import { runRows } from '../engine/changing.js';
import { FlinkSession, hasFlink } from '../support/flink.js';
import { makeTopics } from '../support/make-topics.js';
import { type ResultRow, resultIdentity } from '../support/pipeline-run.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';
import { flinkCases, type StepCase, sourceRows } from './flink-cases.js';

/** Rows as comparable texts in one order: doubles to ten digits, times as numbers. */
function texts(rows: Iterable<ResultRow>, plan: Plan): string[] {
  const columns = plan.sinks[0]!.columns;
  const value = (row: ResultRow, name: string, type: string): unknown => {
    const given = row[name] ?? null;
    if (given === null) return null;
    if (type === 'timestamp') return typeof given === 'number' ? given : Date.parse(String(given));
    if (type === 'double') return Number(Number(given).toPrecision(10));
    return typeof given === 'object' ? JSON.stringify(given) : given;
  };
  const all = [...rows].map((row) => JSON.stringify(columns.map(({ name, type }) => value(row, name, type))));
  return all.sort();
}

describe.skipIf(!hasFlink)('each kind of step on Apache Flink', () => {
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
    await sendSources();
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

  async function sendSources(): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    for (const topic of ['trades', 'quotes'] as const) {
      await makeTopics(admin, [{ topic, numPartitions: 2 }]);
      const messages = sourceRows[topic].map(({ partition, source: _, ...row }) => {
        const times = Object.entries(row).map(([name, value]) => [
          name,
          name === 't' || name === 'at' ? new Date(Number(value)).toISOString() : value,
        ]);
        return { partition, value: JSON.stringify(Object.fromEntries(times)) };
      });
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
  }

  /** What the step gives here: all rows, or where they replace each other the newest per record key. */
  function ours({ plan, tables = {} }: StepCase): readonly ResultRow[] {
    const partitions = Object.fromEntries(plan.sources.map(({ name }) => [name, [0, 1]]));
    const given = plan.tables.flatMap(({ name, columns }): [string, { rows: never; version: string }][] => {
      const rows = tables[name];
      return rows ? [[name, { rows: batchOf(columns, rows) as never, version: '1' }]] : [];
    });
    const options: JobOptions = { tables: Object.fromEntries(given) };
    const rows = plan.sources.flatMap(({ name }) => sourceRows[name as keyof typeof sourceRows]);
    const outputs = runRows(plan, interleaved(rows), { partitions, most: 50, options });
    const late = outputs.filter(({ kind }) => kind !== 'result');
    expect(late).toEqual([]);
    return newest(plan, outputs.flatMap(changesOf));
  }

  it.each(flinkCases.map((one) => [one.name, one] as const))(
    'gives the rows of: %s',
    async (_, one) => {
      const { plan } = one;
      for (const [name, rows] of Object.entries(one.tables ?? {})) {
        const { columns } = plan.tables.find((table) => table.name === name)!;
        const lines = rows.map((row) => columns.map((column) => String(row[column.name] ?? '')).join(','));
        writeFileSync(join(folder, `${name}.csv`), `${lines.join('\n')}\n`);
      }
      const { topic } = plan.sinks[0]!;
      await makeTopics(admin, [{ topic, numPartitions: 1 }]);
      const located = relocated(plan, folder);
      const script = flinkScript(located, { brokers: address(), bounded: true });
      await flink.session.renew();
      try {
        for (const statement of script.statements) await flink.session.sql(statement);
      } catch (error) {
        throw new Error(`${String(error)}\n${script.text}`);
      }
      await flink.session.finishJobs();
      const theirs = newest(plan, await read(plan));
      const expected = ours(one).filter((row) => one.only?.(row) ?? true);
      expect(expected.length).toBeGreaterThan(3);
      expect(texts(theirs, plan)).toEqual(
        texts(
          expected.map((row) => ({ ...row, ...one.instead })),
          plan,
        ),
      );
      for (const sentence of one.notes ?? []) expect(script.notes.join('\n')).toContain(sentence);
    },
    60_000,
  );

  /** Every record of the sink's topic, in order. */
  async function read(plan: Plan): Promise<readonly Change[]> {
    const { topic } = plan.sinks[0]!;
    const [ends] = await admin.fetchTopicOffsets(topic);
    const wanted = Number(ends!.high) - Number(ends!.low);
    const changes: Change[] = [];
    const consumer = kafka.consumer({ groupId: `read-${topic}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((done) => {
      if (wanted === 0) done();
      void consumer.run({
        eachMessage: async ({ message }) => {
          const row = message.value ? (JSON.parse(String(message.value)) as ResultRow) : null;
          changes.push({ key: message.key === null ? null : String(message.key), row });
          if (changes.length >= wanted) done();
        },
      });
    });
    await consumer.disconnect();
    return changes;
  }
});

/** A row that came, or with null the end of the one with this key. */
interface Change {
  readonly key: string | null;
  readonly row: ResultRow | null;
  /** The row that ended, where it is told. */
  readonly gone?: ResultRow;
}

function changesOf(output: ReturnType<typeof runRows>[number]): readonly Change[] {
  if (output.kind !== 'result') return [];
  const { batch, deleted } = output;
  return Array.from({ length: batch.length }, (_, at) => {
    const row = rowAt(batch, at);
    return { key: null, row: deleted?.[at] === 1 ? null : row, gone: row };
  });
}

/** All rows, or where the sink has a key the newest of each. */
function newest(plan: Plan, changes: readonly Change[]): readonly ResultRow[] {
  const [sink] = plan.sinks;
  if (sink!.keys.length === 0 && changes.every(({ key }) => key === null)) {
    return changes.flatMap(({ row }) => (row === null ? [] : [row]));
  }
  const rows = new Map<string, ResultRow>();
  const identities = new Map<string | null, string>();
  for (const { key, row, gone } of changes) {
    const known = row ?? gone;
    const keyed = known ? resultIdentity(plan, sink!.name, known) : identities.get(key);
    const identity = sink!.keys.length > 0 ? keyed : (key ?? undefined);
    if (identity === undefined) continue;
    rows.delete(identity);
    if (row === null) continue;
    identities.set(key, identity);
    rows.set(identity, row);
  }
  return [...rows.values()];
}

/** Rows of both sources in turns, each in its own order. */
function interleaved<T extends { readonly source?: string }>(rows: readonly T[]): readonly T[] {
  const queues = [...new Set(rows.map(({ source }) => source))].map((name) =>
    rows.filter((row) => row.source === name),
  );
  const merged: T[] = [];
  while (queues.some((queue) => queue.length > 0)) for (const queue of queues) merged.push(...queue.splice(0, 5));
  return merged;
}

/** The plan with its files in `folder`. */
function relocated(plan: Plan, folder: string): Plan {
  const tables = plan.tables.map((table) =>
    table.from.kind === 'file' ? { ...table, from: { ...table.from, path: join(folder, `${table.name}.csv`) } } : table,
  );
  return { ...plan, tables };
}
