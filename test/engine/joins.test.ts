import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import { explainPlan } from '../../src/plan/explain-plan.js';
import { count, kafka, pipeline } from '../../src/plan/index.js';
import type { Plan } from '../../src/plan/plan.js';
import { disordered, type FedRow, runRows } from './changing.js';
import { resultRows } from './naive.js';

const LATENESS = 6;
const left = kafka('left', {
  topic: 'left',
  columns: { ts: 'timestamp', key: 'string', l: 'bigint' },
  eventTime: 'ts',
  lateness: `${LATENESS}ms`,
});
const right = kafka('right', {
  topic: 'right',
  columns: { at: 'timestamp', key: 'string', r: 'bigint' },
  eventTime: 'at',
  lateness: `${LATENESS}ms`,
});
const out = kafka('out', { topic: 'out' });

interface Item {
  readonly partition: number;
  readonly ts: number;
  readonly key: string | null;
  readonly n: number;
}

const items = fc
  .array(
    fc.record({
      partition: fc.constant(0),
      ts: fc.integer({ min: 0, max: 40 }),
      key: fc.constantFrom('a', 'b', null),
    }),
    { maxLength: 25 },
  )
  .map((rows) => rows.map((row, n): Item => ({ ...row, n })));
const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
const shape = fc.record({
  jitter: numbers,
  turns: numbers,
  partitions: fc.integer({ min: 1, max: 3 }),
  cuts: fc.array(fc.nat(50), { maxLength: 3 }),
  most: fc.integer({ min: 1, max: 6 }),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;
const kinds = fc.constantFrom('inner' as const, 'left' as const, 'full' as const);

/** Runs both sides, each in any order within its lateness, read in turns; gives results as `l r` pairs. */
function run(plan: Plan, lefts: readonly Item[], rights: readonly Item[], how: Shape): Record<string, Value>[] {
  const { jitter, turns, partitions, cuts, most } = how;
  const one = disordered(lefts, LATENESS, jitter, turns, partitions).map(
    ({ partition, ts, key, n }): FedRow => ({ source: 'left', partition, ts, key, l: n }),
  );
  const other = disordered(rights, LATENESS, turns, jitter, partitions).map(
    ({ partition, ts, key, n }): FedRow => ({ source: 'right', partition, at: ts, key, r: n }),
  );
  const fed: FedRow[] = [];
  for (let turn = 0; one.length + other.length > 0; turn++) {
    fed.push(...(turn % 2 === 0 ? one : other).splice(0, 1 + (turns[turn % turns.length]! % 4)));
  }
  const all = Array.from({ length: partitions }, (_, at) => at);
  const outputs = runRows(plan, fed, { partitions: { left: all, right: all }, cuts, most });
  expect(outputs.filter((output) => output.kind !== 'result')).toEqual([]);
  return resultRows(outputs);
}

function names(pairs: readonly (readonly [Item | undefined, Item | undefined])[]): string[] {
  return pairs.map(([l, r]) => `${l?.n ?? null} ${r?.n ?? null}`).toSorted();
}

/** Pairs for which `fits`, and rows without one as the kind of join keeps them. */
function pairsOf(
  lefts: readonly Item[],
  rights: readonly Item[],
  join: 'inner' | 'left' | 'full',
  fits: (l: Item, r: Item) => boolean,
): [Item | undefined, Item | undefined][] {
  const together = (l: Item, r: Item): boolean => l.key !== null && l.key === r.key && fits(l, r);
  const pairs: [Item | undefined, Item | undefined][] = [];
  for (const l of lefts) for (const r of rights) if (together(l, r)) pairs.push([l, r]);
  if (join !== 'inner') for (const l of lefts) if (!rights.some((r) => together(l, r))) pairs.push([l, undefined]);
  if (join === 'full') for (const r of rights) if (!lefts.some((l) => together(l, r))) pairs.push([undefined, r]);
  return pairs;
}

function given(results: readonly Record<string, Value>[]): string[] {
  return results.map((row) => `${row.l} ${row.r}`).toSorted();
}

const head = pipeline('joined');
const duration = (ms: number): string => (ms < 0 ? `-${-ms}ms` : `${ms}ms`);

describe('a join over an interval', () => {
  it('gives the pairs of the definition, in any order of arrival, saved and restored anywhere', () => {
    fc.assert(
      fc.property(
        items,
        items,
        shape,
        kinds,
        fc.integer({ min: -10, max: 10 }),
        fc.nat(10),
        (lefts, rights, how, join, lower, length) => {
          const within = [duration(lower), duration(lower + length)] as const;
          const plan = head
            .from(left)
            .join(head.from(right), { on: ['key'], within, take: ['r', 'at'], join })
            .into(out);
          const fits = (l: Item, r: Item): boolean => r.ts - l.ts >= lower && r.ts - l.ts <= lower + length;
          expect(given(run(plan, lefts, rights, how))).toEqual(names(pairsOf(lefts, rights, join, fits)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('hands on rows that no window after it finds late', () => {
    fc.assert(
      fc.property(items, items, shape, kinds, (lefts, rights, how, join) => {
        const plan = head
          .from(left)
          .join(head.from(right), { on: ['key'], within: ['-4ms', '7ms'], take: ['r'], join })
          .tumble('5ms')
          .aggregate(() => ({ n: count() }))
          .into(out);
        const fits = (l: Item, r: Item): boolean => r.ts - l.ts >= -4 && r.ts - l.ts <= 7;
        const total = run(plan, lefts, rights, how).reduce((sum, row) => sum + Number(row.n), 0);
        expect(total).toBe(pairsOf(lefts, rights, join, fits).length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a join of windows', () => {
  it('gives the pairs of each window', () => {
    const windows = fc.oneof(
      fc.integer({ min: 1, max: 12 }).map((size) => ({ size, hop: size })),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })).map(([hop, more]) => ({
        size: hop * more,
        hop,
      })),
    );
    fc.assert(
      fc.property(items, items, shape, kinds, windows, (lefts, rights, how, join, { size, hop }) => {
        const window = size === hop ? { tumble: `${size}ms` } : { hop: [`${size}ms`, `${hop}ms`] as const };
        const plan = head
          .from(left)
          .joinWindows(head.from(right), window, { on: ['key'], take: { r: 'r' }, join })
          .into(out);
        const expected: string[] = [];
        for (let start = -size; start <= 40; start++) {
          if (((start % hop) + hop) % hop !== 0) continue;
          const inside = (one: Item): boolean => one.ts >= start && one.ts < start + size;
          const pairs = pairsOf(lefts.filter(inside), rights.filter(inside), join, () => true);
          expected.push(...names(pairs).map((name) => `${start} ${start + size} ${name}`));
        }
        const results = run(plan, lefts, rights, how);
        const found = results.map((row) => `${row.window_start} ${row.window_end} ${row.l} ${row.r}`);
        expect(found.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 150 },
    );
  });
});

describe('a join of very many windows', () => {
  it('gives them all when both sides fall silent', () => {
    const patient = kafka('left', {
      topic: 'left',
      columns: { ts: 'timestamp', key: 'string', l: 'bigint' },
      eventTime: 'ts',
      lateness: '1h',
    });
    const plan = head
      .from(patient)
      .joinWindows(head.from(right), { tumble: '1ms' }, { on: ['key'], take: ['r'], join: 'left' })
      .into(out);
    const many = 200_000;
    const rows = Array.from({ length: many }, (_, ts) => ({ ts, key: 'a', l: ts }));
    const job = compileJob(plan, { partitions: { left: [0], right: [0] } });
    job.feed('left', batchOf(plan.sources[0]!.columns, rows));
    job.close('eof');
    expect(resultRows(job.drain())).toHaveLength(many);
  });
});

describe('a temporal join', () => {
  it('finds what was in force at the time of each row', () => {
    fc.assert(
      fc.property(
        items,
        items,
        shape,
        fc.constantFrom('inner' as const, 'left' as const),
        (lefts, rights, how, join) => {
          const plan = head
            .from(left)
            .join(head.from(right), { on: ['key'], asOf: 'row', take: ['r'], join })
            .into(out);
          const expected: [Item | undefined, Item | undefined][] = [];
          for (const l of lefts) {
            const versions = rights.filter((r) => r.key !== null && r.key === l.key && r.ts <= l.ts);
            const inForce = versions.toSorted((a, b) => a.ts - b.ts || a.n - b.n).at(-1);
            if (inForce || join === 'left') expected.push([l, inForce]);
          }
          expect(given(run(plan, lefts, rights, how))).toEqual(names(expected));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a join', () => {
  it('is explained and checked', () => {
    const plan = head
      .from(left)
      .join(head.from(right), { on: ['key'], within: ['-1 minute', '5 minutes'], take: ['r'], join: 'left' })
      .into(out);
    const text = explainPlan(plan);
    expect(text).toContain('join with right by key = right.key, from -1 minute to 5 minutes after it');
    expect(text).toContain('rows of left without a partner keep nulls');
    const wrong = (): Plan =>
      head
        .from(left)
        .join(head.from(right), { on: { l: 'key' }, asOf: 'row', take: ['r'], join: 'full' })
        .into(out);
    expect(wrong).toThrow('pipeline "joined" has 2 mistakes');
  });
});
