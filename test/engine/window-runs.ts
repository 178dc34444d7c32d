import fc from 'fast-check';
import { compileJob } from '../../src/engine/compile-job.js';
import type { Job, Output } from '../../src/engine/job.js';
import { adhocPlan } from '../../src/plan/adhoc-plan.js';
import { type AggregateStep, deepFreeze, type Plan, type Window } from '../../src/plan/plan.js';
import { ALL_AGGREGATES, feedRows, type TestRow, testSchema } from './naive.js';

/** All aggregates over a window, by key. */
export function planOf(window: Window, latenessMs: number): Plan {
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

/** Rows of three partitions and a few keys. */
export const row: fc.Arbitrary<TestRow> = fc.record({
  partition: fc.integer({ min: 0, max: 2 }),
  ts: fc.integer({ min: -30, max: 60 }),
  key: fc.constantFrom('a', 'b', null),
  value: fc.option(
    fc.integer({ min: -50, max: 50 }).map((value) => value / 4),
    { freq: 8 },
  ),
});

/** The partitions of {@link row}. */
export const partitions = [0, 1, 2];

function endAll(job: Job): void {
  for (const partition of partitions) job.end('rows', partition);
}

/** Runs rows through a job; at `cuts` it is saved and goes on in a new one. */
export function run(plan: Plan, rows: readonly TestRow[], most = 3, cuts: readonly number[] = []): Output[] {
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
export function disorder(
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
