import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Job, Output } from '../../src/engine/job.js';
import { adhocPlan } from '../../src/plan/adhoc-plan.js';
import { type AggregateStep, deepFreeze, type Plan, type Window } from '../../src/plan/plan.js';
import {
  ALL_AGGREGATES,
  expectGroups,
  feedRows,
  lateOffsets,
  naiveFixed,
  naiveSessions,
  resultRows,
  type TestRow,
  testSchema,
} from './naive.js';

type Fixed = Exclude<Window, { kind: 'session' }>;

function planOf(window: Window, latenessMs: number): Plan {
  const plan = adhocPlan({
    topic: 't',
    columns: testSchema,
    window: '1m',
    time: 'ts',
    lateness: `${latenessMs}ms`,
    by: ['key'],
    aggregates: ALL_AGGREGATES,
  });
  const nodes = plan.nodes.map((node) => ({ ...(node as AggregateStep), window }));
  return deepFreeze({ ...plan, nodes });
}

const fixedWindow: fc.Arbitrary<Fixed> = fc.oneof(
  fc.record({
    kind: fc.constant('tumble' as const),
    sizeMs: fc.integer({ min: 1, max: 12 }),
    offsetMs: fc.integer({ min: -5, max: 5 }),
  }),
  fc
    .record({
      kind: fc.constant('hop' as const),
      sizeMs: fc.integer({ min: 1, max: 12 }),
      hopMs: fc.integer({ min: 1, max: 12 }),
      offsetMs: fc.integer({ min: -5, max: 5 }),
    })
    .filter((window) => window.hopMs <= window.sizeMs),
  fc
    .record({
      kind: fc.constant('cumulate' as const),
      stepMs: fc.integer({ min: 1, max: 4 }),
      steps: fc.integer({ min: 1, max: 4 }),
      offsetMs: fc.integer({ min: -5, max: 5 }),
    })
    .map(({ kind, stepMs, steps, offsetMs }) => ({ kind, stepMs, sizeMs: stepMs * steps, offsetMs })),
);

const row: fc.Arbitrary<TestRow> = fc.record({
  partition: fc.integer({ min: 0, max: 2 }),
  ts: fc.integer({ min: -30, max: 60 }),
  key: fc.constantFrom('a', 'b', null),
  value: fc.option(
    fc.integer({ min: -50, max: 50 }).map((value) => value / 4),
    { freq: 8 },
  ),
});

const partitions = [0, 1, 2];

function endAll(job: Job): void {
  for (const partition of partitions) job.end('rows', partition);
}

/** Runs rows through a job; at `cuts` it is saved and goes on in a new one. */
function run(plan: Plan, rows: readonly TestRow[], most = 3, cuts: readonly number[] = []): Output[] {
  let job = compileJob(plan, { partitions: { rows: partitions } });
  const outputs: Output[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => Math.min(at, rows.length)).toSorted((a, b) => a - b), rows.length]) {
    feedRows(job, rows.slice(from, cut), most);
    outputs.push(...job.drain());
    const saved = job.snapshot();
    job = compileJob(plan, { partitions: { rows: partitions } });
    job.restore(saved);
    from = cut;
  }
  endAll(job);
  return [...outputs, ...job.drain()];
}

/**
 * The same rows in another order, less than the lateness apart: a row exactly the lateness behind meets a watermark equal
 * to its own time, which closes a window whose last millisecond it is.
 */
function disorder(
  rows: readonly TestRow[],
  latenessMs: number,
  jitter: readonly number[],
  split: readonly number[],
): TestRow[] {
  const queues: TestRow[][] = [[], [], []];
  const moved = rows.map((item, index) => ({
    item,
    at: item.ts + (jitter[index % jitter.length]! % latenessMs),
  }));
  moved.sort((a, b) => a.at - b.at);
  moved.forEach(({ item }, index) => {
    const partition = split[index % split.length]! % 3;
    queues[partition]!.push({ ...item, partition });
  });
  // Partitions are read in turns of uneven length.
  const merged: TestRow[] = [];
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    merged.push(...queues[turn % 3]!.splice(0, 1 + (split[turn % split.length]! % 5)));
  }
  return merged;
}

describe('windows of fixed size', () => {
  it('hold what the definitions say, for any rows in any order', () => {
    fc.assert(
      fc.property(
        fixedWindow,
        fc.integer({ min: 0, max: 20 }),
        fc.array(row, { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        (window, lateness, rows, most) => {
          const outputs = run(planOf(window, lateness), rows, most);
          const expected = naiveFixed(rows, window, lateness, partitions);
          expectGroups(resultRows(outputs), expected.groups);
          expect(lateOffsets(outputs)).toEqual(expected.late);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('give the same answer for any order of arrival within the lateness', () => {
    fc.assert(
      fc.property(
        fixedWindow,
        fc.integer({ min: 1, max: 20 }),
        fc.array(row, { maxLength: 60 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
        (window, lateness, rows, jitter, split) => {
          const outputs = run(planOf(window, lateness), disorder(rows, lateness, jitter, split));
          expect(lateOffsets(outputs)).toEqual([]);
          expectGroups(resultRows(outputs), naiveFixed(rows, window, 1_000, partitions).groups);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('go on from a snapshot as if nothing had happened', () => {
    fc.assert(
      fc.property(
        fixedWindow,
        fc.array(row, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 4 }),
        (window, rows, cuts) => {
          const plan = planOf(window, 5);
          const broken = run(plan, rows, 1, cuts);
          const whole = run(plan, rows, 1);
          expect(resultRows(broken)).toEqual(resultRows(whole));
          expect(lateOffsets(broken).length).toBe(lateOffsets(whole).length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('sessions', () => {
  const gap = fc.integer({ min: 1, max: 8 });

  it('are the same for any order of arrival within the lateness, saved and restored anywhere', () => {
    fc.assert(
      fc.property(
        gap,
        fc.integer({ min: 1, max: 20 }),
        fc.array(row, { maxLength: 60 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(60), { maxLength: 3 }),
        (gapMs, lateness, rows, jitter, split, cuts) => {
          const outputs = run(
            planOf({ kind: 'session', gapMs }, lateness),
            disorder(rows, lateness, jitter, split),
            3,
            cuts,
          );
          expect(lateOffsets(outputs)).toEqual([]);
          expectGroups(resultRows(outputs), naiveSessions(rows, gapMs));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('count every row once: in a result or late', () => {
    fc.assert(
      fc.property(gap, fc.array(row, { maxLength: 60 }), (gapMs, rows) => {
        const outputs = run(planOf({ kind: 'session', gapMs }, 3), rows);
        const counted = resultRows(outputs).reduce((total, result) => total + Number(result.n), 0);
        expect(counted + lateOffsets(outputs).length).toBe(rows.length);
      }),
    );
  });
});

/** The plan of {@link planOf} with another emit policy or allowed lateness. */
function planWith(window: Window, latenessMs: number, change: Partial<AggregateStep>): Plan {
  const plan = planOf(window, latenessMs);
  return deepFreeze({ ...plan, nodes: plan.nodes.map((node) => ({ ...(node as AggregateStep), ...change })) });
}

function nameOf(result: Record<string, unknown>): string {
  return JSON.stringify([result.window_start, result.window_end, result.key]);
}

describe('results before and after the end of a window', () => {
  it('with every change are what is known so far', () => {
    fc.assert(
      fc.property(fixedWindow, fc.array(row, { maxLength: 40 }), (window, rows) => {
        const plan = planWith(window, 5, { emit: { kind: 'update' } });
        const job = compileJob(plan, { partitions: { rows: partitions } });
        rows.forEach((item, at) => {
          feedRows(job, [item]);
          const updates = resultRows(job.drain()).filter((result) => result.reason === 'update');
          const before = naiveFixed(rows.slice(0, at), window, 5, partitions).groups;
          const now = naiveFixed(rows.slice(0, at + 1), window, 5, partitions).groups;
          const changed = [...now].filter(([name, group]) => group.length !== before.get(name)?.length);
          expectGroups(updates, new Map(changed));
        });
      }),
      { numRuns: 100 },
    );
  });

  it('correct results while lateness is allowed', () => {
    fc.assert(
      fc.property(
        fixedWindow,
        fc.integer({ min: 1, max: 20 }),
        fc.array(row, { maxLength: 60 }),
        (window, allowedLatenessMs, rows) => {
          const outputs = run(planWith(window, 2, { allowedLatenessMs }), rows, 1);
          // A row is taken by the windows that it would find open if they ended so much later.
          const wider = naiveFixed(rows, window, 2 + allowedLatenessMs, partitions);
          expect(lateOffsets(outputs)).toEqual(wider.late);
          const newest = new Map(resultRows(outputs).map((result) => [nameOf(result), result]));
          expectGroups([...newest.values()], wider.groups);
          const firsts = resultRows(outputs).filter((result) => result.reason !== 'update');
          expect(new Set(firsts.map(nameOf)).size).toBe(firsts.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('every so often are of the rows before that time, in any order of arrival', () => {
    const everyMs = fc.integer({ min: 1, max: 9 });
    const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fixedWindow,
        everyMs,
        fc.array(row, { maxLength: 40 }),
        numbers,
        numbers,
        (window, every, rows, jitter, split) => {
          const plan = planWith(window, 10, { emit: { kind: 'every', everyMs: every } });
          const results = resultRows(run(plan, disorder(rows, 10, jitter, split)));
          const groups = naiveFixed(rows, window, 1_000, partitions).groups;
          expectGroups(
            results.filter((result) => result.reason !== 'update'),
            groups,
          );
          const partial = results.filter((result) => result.reason === 'update');
          // The time at which a partial result left is not among its columns: it has one more row than some prefix.
          const boundary = (ts: number): number =>
            Math.floor((ts - window.offsetMs) / every) * every + every + window.offsetMs;
          const expected: string[] = [];
          for (const start of new Set([...groups.keys()].map((name) => name.slice(0, name.lastIndexOf(','))))) {
            const ofWindow = [...groups].filter(([name]) => name.startsWith(`${start},`));
            const end = Number(JSON.parse(`${start}]`)[1]);
            const all = ofWindow.flatMap(([, group]) => group);
            for (const until of new Set(all.map((item) => boundary(item.ts)).filter((at) => at < end))) {
              for (const [name, group] of ofWindow) {
                const size = group.filter((item) => item.ts < until).length;
                if (size > 0) expected.push(`${name} ${size}`);
              }
            }
          }
          expect(partial.map((result) => `${nameOf(result)} ${result.n}`).toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 100 },
    );
  });
});
