import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowAt } from '../../src/base/row-batch.js';
import { allPipelines } from '../../src/commands/shared/settings/names.js';
import type { Expression } from '../../src/plan/expression.js';
import { count, kafka as kafkaSource, pipeline } from '../../src/plan/index.js';
import type { AggregateStep, Plan, Sink } from '../../src/plan/plan.js';
import { planSchemas } from '../../src/plan/schemas.js';
import { runRows } from '../engine/changing.js';
import {
  type BrokerUnderTest,
  brokerName,
  brokerUnderTest,
  fresh,
  hasJavaTools,
  kafkaLibs,
} from '../support/broker-under-test.js';
import { makeTopics } from '../support/make-topics.js';
import { fixtureRecords, fixtureSettings, type ResultRow, runPipeline, sameValue } from '../support/pipeline-run.js';

const pipelines = await allPipelines();

const COMPARED = ['COUNT', 'SUM', 'AVG', 'MIN', 'MAX'] as const;
/** Stream time is one clock over all partitions: only a grace beyond the whole history keeps every row. */
const GRACE_MS = 400 * 86_400_000;

/** A column of a pipeline's result that is one aggregate call, and the number that Kafka Streams is given for it. */
interface Measure {
  readonly column: string;
  readonly name: (typeof COMPARED)[number];
  /** Place of its argument among the numbers; -1: it counts rows. */
  readonly at: number;
}

interface Case {
  readonly plan: Plan;
  readonly node: AggregateStep;
  readonly sink: Sink;
  readonly sizeMs: number;
  readonly hopMs: number;
  readonly measures: readonly Measure[];
  readonly operands: readonly Expression[];
  readonly topic: string;
}

const countable = (operand: Expression): Expression => ({
  kind: 'case',
  branches: [
    {
      when: { kind: 'call', name: 'IS NOT NULL', arguments: [operand] },
      result: { kind: 'literal', type: 'bigint', value: 1 },
    },
  ],
  otherwise: null,
});

function caseOf(plan: Plan, node: AggregateStep): Case | undefined {
  const { window } = node;
  const sink = plan.sinks.find(({ input }) => input === node.name);
  if (!sink || (window?.kind !== 'tumble' && window?.kind !== 'hop')) return undefined;
  const operands: Expression[] = [];
  const measures = node.columns.flatMap(({ name: column, expression }): Measure[] => {
    if (expression.kind !== 'aggregate' || expression.distinct) return [];
    const name = COMPARED.find((known) => known === expression.name);
    const type = sink.columns.find((known) => known.name === column)?.type;
    if (!name || (type !== 'bigint' && type !== 'double')) return [];
    const [operand] = expression.arguments;
    if (!operand) return [{ column, name, at: -1 }];
    operands.push(name === 'COUNT' ? countable(operand) : operand);
    return [{ column, name, at: operands.length - 1 }];
  });
  const hopMs = window.kind === 'hop' ? window.hopMs : window.sizeMs;
  const topic = fresh(`windows-${plan.name}-${sink.name}`);
  return { plan, node, sink, sizeMs: window.sizeMs, hopMs, measures, operands, topic };
}

const cases = pipelines.flatMap((plan) =>
  plan.nodes.flatMap((node) => {
    const one = node.kind === 'aggregate' ? caseOf(plan, node) : undefined;
    return one ? [one] : [];
  }),
);

/** The rows that enter an aggregate, as keyed records. */
function keyedRows({ plan, node, operands }: Case): readonly { readonly key: string; readonly value: string }[] {
  const columns = operands.map((expression, at) => ({ name: `number_${at}`, expression }));
  const derive = { kind: 'derive', name: 'numbers-for-streams', input: node.input, columns } as const;
  const names = [...node.keys, ...columns.map(({ name }) => name)];
  const rows: { key: string; value: string }[] = [];
  const nodes = operands.length > 0 ? [...plan.nodes, derive] : plan.nodes;
  const input = operands.length > 0 ? derive.name : node.input;
  const schema = planSchemas({ ...plan, nodes })
    .get(input)!
    .filter(({ name }) => names.includes(name));
  const sink: Sink = { name: 'keyed', input, topic: 'keyed', keys: [], columns: schema };
  const cut: Plan = {
    ...plan,
    nodes,
    sinks: [sink],
    topics: [{ name: 'keyed', partitions: 1, replicas: 1, config: {} }, ...plan.topics],
    dashboard: { title: '', panels: [] },
  };
  const { outputs } = runPipeline(cut, fixtureRecords(plan, 2), fixtureSettings(plan));
  for (const output of outputs) {
    if (output.kind !== 'result') continue;
    for (let at = 0; at < output.batch.length; at++) {
      const row = rowAt(output.batch, at);
      rows.push({
        key: JSON.stringify(node.keys.map((key) => row[key])),
        value: JSON.stringify({ t: output.eventTimes![at], v: columns.map(({ name }) => row[name]) }),
      });
    }
  }
  return rows;
}

type Sums = readonly [count: number, sum: number, min: number, max: number];
interface Window {
  readonly rows: number;
  readonly columns: readonly Sums[];
}

function measured({ name, at }: Measure, { rows, columns }: Window): number | null {
  if (at < 0) return rows;
  const [count, sum, min, max] = columns[at]!;
  if (name === 'COUNT') return count;
  if (count === 0) return null;
  return { SUM: sum, AVG: sum / count, MIN: min, MAX: max }[name];
}

describe.skipIf(!hasJavaTools)(`Kafka Streams gives the numbers of windowed pipelines, on ${brokerName}`, () => {
  let broker: BrokerUnderTest;
  let kafka: Kafka;
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-streams-'));
  const results = new Map<string, Map<string, Window>>();
  beforeAll(async () => {
    broker = await brokerUnderTest();
    const program = resolve('test/conformance/java/WindowSums.java');
    execFileSync('javac', ['-cp', `${kafkaLibs}/*`, '-d', folder, program]);
    kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const topics = cases.flatMap(({ topic }) => [topic, `${topic}-sums`]);
    await makeTopics(
      admin,
      topics.map((topic) => ({ topic, numPartitions: 3 })),
    );
    const producer = kafka.producer();
    await producer.connect();
    for (const one of cases) await producer.send({ topic: one.topic, messages: [...keyedRows(one)] });
    await producer.disconnect();
    const specs = cases.map(({ topic, sizeMs, hopMs, operands }) =>
      [topic, `${topic}-sums`, sizeMs, hopMs, operands.length].join(' '),
    );
    await runStreams(GRACE_MS, specs);
    for (const { topic } of cases) results.set(topic, await newest(`${topic}-sums`));
    await admin.disconnect();
  }, 240_000);
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function runStreams(graceMs: number, specs: readonly string[]): Promise<void> {
    const app = ['WindowSums', broker.address, fresh('window-sums'), join(folder, fresh('state')), String(graceMs)];
    const options = ['-Xmx512m', '-cp', `${kafkaLibs}/*:${folder}`];
    // Kafka Streams logs every record that it drops.
    await promisify(execFile)('java', [...options, ...app, ...specs], { timeout: 170_000, maxBuffer: 2 ** 27 });
  }

  /** The newest value of each key of a topic. */
  async function newest(topic: string): Promise<Map<string, Window>> {
    const admin = kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const wanted = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    const windows = new Map<string, Window>();
    const consumer = kafka.consumer({ groupId: fresh('read') });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let seen = 0;
    await new Promise<void>((done) => {
      if (wanted === 0) done();
      void consumer.run({
        eachMessage: async ({ message }) => {
          windows.set(String(message.key), JSON.parse(String(message.value)) as Window);
          if (++seen >= wanted) done();
        },
      });
    });
    await consumer.disconnect();
    return windows;
  }

  it('loses rows of a replayed history, where none is late here', async () => {
    // Lots of 100 rows in turn over three partitions, as a replay sends them; a row a second.
    const rows = Array.from({ length: 9000 }, (_, at) => {
      return { partition: Math.floor(at / 100) % 3, t: Date.UTC(2024, 0, 1) + at * 1000, k: `k${at % 4}` };
    });
    const topic = fresh('replayed');
    const admin = kafka.admin();
    await admin.connect();
    const topics = [topic, `${topic}-sums`].map((name) => ({ topic: name, numPartitions: 3 }));
    await makeTopics(admin, topics);
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    const messages = rows.map(({ partition, t, k }) => ({ partition, value: JSON.stringify({ t, k, v: [] }) }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    await runStreams(5000, [`${topic} ${topic}-sums 60000 60000 0 k`]);
    const theirs = [...(await newest(`${topic}-sums`)).values()].reduce((sum, window) => sum + window.rows, 0);
    const source = kafkaSource('rows', {
      topic: 'replayed',
      columns: { t: 'timestamp', k: 'string' },
      eventTime: 't',
      lateness: '5 seconds',
    });
    const plan = pipeline('replayed')
      .from(source)
      .tumble('1 minute')
      .groupBy('k')
      .aggregate(() => ({ rows: count() }))
      .into(kafkaSource('out', { topic: 'out' }));
    const inBlocks = rows.toSorted((a, b) => a.partition - b.partition);
    const outputs = runRows(plan, inBlocks, { partitions: { rows: [0, 1, 2] }, most: 500 });
    const ours = outputs.flatMap((output) =>
      output.kind === 'result'
        ? Array.from({ length: output.batch.length }, (_, at) => Number(rowAt(output.batch, at).rows))
        : [],
    );
    expect(outputs.every(({ kind }) => kind === 'result')).toBe(true);
    expect(ours.reduce((sum, one) => sum + one, 0)).toBe(rows.length);
    expect(theirs).toBeLessThan(0.9 * rows.length);
    expect(theirs).toBeGreaterThan(0);
  }, 180_000);

  it.each(cases.map((one) => [`${one.plan.name} ${one.sink.name}`, one] as const))(
    '%s',
    (_, one) => {
      const { plan, node, sink, measures } = one;
      const ours = runPipeline(plan, fixtureRecords(plan, 2), fixtureSettings(plan)).finals(sink.name);
      const theirs = results.get(one.topic)!;
      expect(ours.size).toBeGreaterThan(0);
      expect(theirs.size).toBe(ours.size);
      expect(measures.length).toBeGreaterThan(0);
      for (const row of ours.values()) {
        const name = `${Number(row.window_start)} ${JSON.stringify(node.keys.map((key) => row[key]))}`;
        const window = theirs.get(name);
        expect(window, name).toBeDefined();
        for (const measure of measures) check(row, measure, window!, name);
      }
    },
    60_000,
  );
});

/** Counts, smallest and largest values exactly, sums and means within 1e-9. */
function check(row: ResultRow, measure: Measure, window: Window, name: string): void {
  const actual = measured(measure, window);
  const expected = row[measure.column] ?? null;
  const exact = measure.name === 'COUNT' || measure.name === 'MIN' || measure.name === 'MAX';
  const same = exact ? Object.is(actual, expected) : sameValue(actual, expected);
  expect(same, `${name} ${measure.column}: ${String(actual)}, here ${String(expected)}`).toBe(true);
}
