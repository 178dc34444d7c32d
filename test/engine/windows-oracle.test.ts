import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJob } from '../../src/engine/compile-job.js';
import { type AggregateStep, type AlignedWindow, deepFreeze, type Plan, type Window } from '../../src/plan/plan.js';
import { expectGroups, feedRows, lateOffsets, naiveFixed, naiveSessions, resultRows } from './naive.js';
import { disorder, partitions, planOf, row, run } from './window-runs.js';

type Fixed = AlignedWindow;

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

/** The session of b ends at 2, where its next row comes when the watermark is at 1: too early to tell without that row. */
const EXACTLY_THE_GAP = (
  [
    [3, 'a'],
    [0, 'a'],
    [3, 'a'],
    [3, 'a'],
    [2, 'a'],
    [2, 'b'],
    [0, 'a'],
    [0, 'a'],
    [0, 'a'],
    [-5, 'b'],
  ] as const
).map(([ts, key]) => ({ partition: 0, ts, key, value: null }));

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
      { numRuns: 150, examples: [[7, 1, EXACTLY_THE_GAP, [0], [0, 0, 68, 0, 46], []]] },
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
