import { batchOf, type RowBatch, type Schema, type Value } from '../../src/base/row-batch.js';
import { compileJob } from '../../src/engine/compile-job.js';
import type { JobOptions, Output } from '../../src/engine/job.js';
import type { Plan } from '../../src/plan/plan.js';

/** A row of a test by column names; `partition` says where it is read, `source` from what. */
export type FedRow = Readonly<Record<string, Value>> & { readonly partition: number; readonly source?: string };

/** How rows are fed: partitions of each source, how many rows a batch has at most, where the job is saved and restored. */
export interface Feeding {
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  readonly most?: number;
  readonly cuts?: readonly number[];
  readonly options?: JobOptions;
}

function schemasOf(plan: Plan): ReadonlyMap<string, Schema> {
  return new Map(plan.sources.map((source) => [source.name, source.columns]));
}

/** Runs rows in their order through a job to the end of all sources. */
export function runRows(plan: Plan, rows: readonly FedRow[], feeding: Feeding): Output[] {
  const { partitions, most = 3, cuts = [], options } = feeding;
  const schemas = schemasOf(plan);
  const first = plan.sources[0]!.name;
  let job = compileJob(plan, { partitions, ...options });
  const outputs: Output[] = [];
  const stops = new Set(cuts.map((cut) => Math.min(cut, rows.length)));
  for (let at = 0; at < rows.length; ) {
    if (stops.has(at)) {
      outputs.push(...job.drain());
      const saved = job.snapshot();
      job = compileJob(plan, { partitions, ...options });
      job.restore(saved);
    }
    const { partition, source = first } = rows[at]!;
    let end = at + 1;
    const fits = (row: FedRow): boolean => row.partition === partition && (row.source ?? first) === source;
    while (end < rows.length && end - at < most && !stops.has(end) && fits(rows[end]!)) end++;
    const batch: RowBatch = batchOf(schemas.get(source)!, rows.slice(at, end), {
      partition,
      offsets: Float64Array.from({ length: end - at }, (_, index) => at + index),
    });
    job.feed(source, batch);
    at = end;
  }
  for (const [source, numbers] of Object.entries(partitions)) for (const number of numbers) job.end(source, number);
  return [...outputs, ...job.drain()];
}

/**
 * Rows in another order, less than the lateness apart, dealt to partitions that are read in turns of uneven length.
 * @param turns numbers that decide; at least one of each.
 */
export function disordered<R extends { readonly ts: number; readonly partition: number }>(
  rows: readonly R[],
  latenessMs: number,
  jitter: readonly number[],
  turns: readonly number[],
  partitions: number,
): R[] {
  const queues: R[][] = Array.from({ length: partitions }, () => []);
  const moved = rows.map((item, index) => ({ item, at: item.ts + (jitter[index % jitter.length]! % latenessMs) }));
  moved.sort((a, b) => a.at - b.at);
  moved.forEach(({ item }, index) => {
    const partition = turns[index % turns.length]! % partitions;
    queues[partition]!.push({ ...item, partition });
  });
  const merged: R[] = [];
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    merged.push(...queues[turn % partitions]!.splice(0, 1 + (turns[turn % turns.length]! % 5)));
  }
  return merged;
}
