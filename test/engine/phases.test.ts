import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/row-batch.js';
import type { Output } from '../../src/engine/job.js';
import { adhocPlan } from '../../src/plan/adhoc-plan.js';
import { avg, count, greater, kafka, last, max, pipeline, sum } from '../../src/plan/index.js';
import {
  type AggregateStep,
  type AlignedWindow,
  deepFreeze,
  type Emit,
  type Plan,
  type Window,
} from '../../src/plan/plan.js';
import { disordered, type FedRow, runRows } from './changing.js';
import {
  ALL_AGGREGATES,
  expectClose,
  expectGroups,
  lateOffsets,
  naiveFixed,
  naiveSessions,
  resultRows,
  testSchema,
} from './naive.js';
import { PhasedRun } from './phased.js';

const PARTITIONS = [0, 1, 2];

function planOf(window: Window, latenessMs: number, change: Partial<AggregateStep> = {}): Plan {
  const plan = adhocPlan({
    topic: 't',
    columns: testSchema,
    window: '1m',
    time: 'ts',
    lateness: `${latenessMs}ms`,
    by: ['key'],
    aggregates: ALL_AGGREGATES,
  });
  const nodes = plan.nodes.map((node) => ({ ...(node as AggregateStep), window, ...change }));
  const bounded = nodes.every((node) => node.window !== null);
  const sinks = plan.sinks.map((sink) => ({
    ...sink,
    columns: sink.columns.filter(({ name }) => bounded || !name.startsWith('window_')),
  }));
  return deepFreeze({ ...plan, nodes, sinks, dashboard: { ...plan.dashboard, panels: [] } });
}

const fixedWindow: fc.Arbitrary<AlignedWindow> = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map((sizeMs) => ({ kind: 'tumble' as const, sizeMs, offsetMs: 0 })),
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }))
    .map(([hopMs, hops]) => ({ kind: 'hop' as const, hopMs, sizeMs: hopMs * hops, offsetMs: 1 })),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    .map(([stepMs, steps]) => ({ kind: 'cumulate' as const, stepMs, sizeMs: stepMs * steps, offsetMs: -2 })),
);

const row = fc.record({
  partition: fc.integer({ min: 0, max: 2 }),
  ts: fc.integer({ min: -30, max: 60 }),
  key: fc.constantFrom('a', 'b', 'c', 'd', null),
  value: fc.option(
    fc.integer({ min: -50, max: 50 }).map((value) => value / 4),
    { freq: 8 },
  ),
});
const rows = fc.array(row, { maxLength: 60 });
const numbers = fc.array(fc.nat(1000), { minLength: 5, maxLength: 40 });
const shares = fc.integer({ min: 1, max: 3 });

/** Results under which nothing newer was given. */
function newest(outputs: readonly Output[], keys: readonly string[]): Map<string, Record<string, Value>> {
  const found = new Map<string, Record<string, Value>>();
  for (const output of outputs) {
    if (output.kind !== 'result') continue;
    const all = resultRows([output]);
    all.forEach((result, at) => {
      const { reason: _reason, ...values } = result;
      const key = JSON.stringify(keys.map((name) => values[name] ?? null));
      if (output.deleted?.[at]) found.delete(key);
      else found.set(key, values);
    });
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('a plan in two phases', () => {
  it('gives the windows that the definitions say, however rows are dealt out, delivered and moved', () => {
    fc.assert(
      fc.property(
        fixedWindow,
        fc.integer({ min: 1, max: 20 }),
        rows,
        numbers,
        shares,
        (window, lateness, all, turns, count) => {
          const plan = planOf(window, lateness);
          const run = new PhasedRun(plan, { partitions: 3, shares: count, turns });
          const outputs = run.run(disordered(all, lateness, turns, turns, 3));
          expect(lateOffsets(outputs)).toEqual([]);
          expectGroups(resultRows(outputs), naiveFixed(all, window, 1_000, PARTITIONS).groups);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('calls the same rows late as one job, where one partition decides', () => {
    fc.assert(
      fc.property(fixedWindow, fc.integer({ min: 0, max: 12 }), rows, numbers, (window, lateness, all, turns) => {
        const single = all.map((one) => ({ ...one, partition: 0 }));
        const outputs = new PhasedRun(planOf(window, lateness), { partitions: 1, shares: 2, turns }).run(single);
        const expected = naiveFixed(single, window, lateness, [0]);
        expect(lateOffsets(outputs).toSorted((a, b) => a - b)).toEqual(expected.late);
        expectGroups(resultRows(outputs), expected.groups);
      }),
      { numRuns: 200 },
    );
  });

  it('gives sessions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 20 }),
        rows,
        numbers,
        shares,
        (gapMs, lateness, all, turns, count) => {
          const plan = planOf({ kind: 'session', gapMs }, lateness);
          const outputs = new PhasedRun(plan, { partitions: 3, shares: count, turns }).run(
            disordered(all, lateness, turns, turns, 3),
          );
          expect(lateOffsets(outputs)).toEqual([]);
          expectGroups(resultRows(outputs), naiveSessions(all, gapMs));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('ends with the results of one job, whatever leaves before the end', () => {
    const emits: fc.Arbitrary<Emit> = fc.constantFrom(
      { kind: 'update' },
      { kind: 'final' },
      { kind: 'every', everyMs: 5 },
    );
    const windows = fc.oneof(fixedWindow, fc.constant(null));
    fc.assert(
      fc.property(
        windows,
        emits,
        fc.constantFrom(0, 7),
        rows,
        numbers,
        shares,
        (window, emit, allowed, all, turns, count) => {
          const plan = planOf(window as Window, 8, { window, emit, allowedLatenessMs: window ? allowed : 0 });
          const fed = disordered(all, 8, turns, turns, 3);
          const outputs = new PhasedRun(plan, { partitions: 3, shares: count, turns }).run(fed);
          const expected = runRows(plan, fed, { partitions: { rows: PARTITIONS } });
          const keys = ['window_start', 'window_end', 'key'];
          expectSame(newest(outputs, keys), newest(expected, keys));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('goes on from a step that looks at several rows to others', () => {
    fc.assert(
      fc.property(rows, numbers, shares, (all, turns, count) => {
        for (const plan of [stations(), joined()]) {
          const fed: FedRow[] = plan.sources.length === 1 ? disordered(all, 8, turns, turns, 3) : dealt(all, turns);
          const outputs = new PhasedRun(plan, { partitions: 3, shares: count, turns }).run(fed);
          const partitions = Object.fromEntries(plan.sources.map(({ name }) => [name, PARTITIONS]));
          const expected = runRows(plan, fed, { partitions });
          expectSame(newest(outputs, keysOf(plan)), newest(expected, keysOf(plan)));
        }
      }),
      { numRuns: 100 },
    );
  });
});

const readings = kafka('rows', {
  topic: 'rows',
  columns: { ts: 'timestamp', key: 'string', value: 'double' },
  eventTime: 'ts',
  lateness: '8ms',
});
const prices = kafka('prices', {
  topic: 'prices',
  columns: { ts: 'timestamp', key: 'string', value: 'double' },
  eventTime: 'ts',
  lateness: '8ms',
});

/** The newest row of each key, and sums over them. */
function stations(): Plan {
  return pipeline('stations')
    .from(readings)
    .latestBy('key')
    .where((one) => greater(one.value, -5))
    .groupBy('key')
    .aggregate((one) => ({ n: count(), total: sum(one.value), mean: avg(one.value), high: max(one.value) }))
    .emit({ every: '10ms', as: 'as_of' })
    .into(kafka('out', { topic: 'out', keys: ['key'] }));
}

/** Pairs of two streams, counted. */
function joined(): Plan {
  return pipeline('pairs')
    .from(readings)
    .join(pipeline('p').from(prices), { on: ['key'], within: ['0ms', '6ms'], take: { price: 'value' } })
    .tumble('10ms')
    .groupBy('key')
    .aggregate((one) => ({ n: count(), total: sum(one.price), newest: last(one.price) }))
    .into(kafka('out', { topic: 'out', keys: ['key'] }));
}

function keysOf(plan: Plan): readonly string[] {
  return plan.name === 'pairs' ? ['window_start', 'key'] : ['key'];
}

/** Rows of both streams, each out of order by less than its lateness. */
function dealt(all: readonly (FedRow & { readonly ts: number })[], turns: readonly number[]): FedRow[] {
  const half = Math.ceil(all.length / 2);
  const left = disordered(all.slice(0, half), 8, turns, turns, 3).map((one) => ({ ...one, source: 'rows' }));
  const right = disordered(all.slice(half), 8, turns, turns, 3).map((one) => ({ ...one, source: 'prices' }));
  const fed: FedRow[] = [];
  for (let turn = 0; left.length + right.length > 0; turn++)
    fed.push(...(turn % 2 === 0 ? left : right).splice(0, 1 + (turns[turn % turns.length]! % 4)));
  return fed;
}

/** Equal keys with equal values; doubles may differ by the order in which they were added. */
function expectSame(
  found: ReadonlyMap<string, Record<string, Value>>,
  wanted: ReadonlyMap<string, Record<string, Value>>,
): void {
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  for (const [key, values] of wanted) {
    for (const [name, value] of Object.entries(values)) {
      const got = found.get(key)![name]!;
      if (typeof value === 'number') expectClose(got, value, `${name} of ${key}`);
      else expect(got).toEqual(value);
    }
  }
}
