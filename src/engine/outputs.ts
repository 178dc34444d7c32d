import type { RowBatch } from '../base/row-batch.js';
import type { Output, ResultOutput, StepMetrics } from './job.js';
import { gatherBatch, gatherNumbers, type Rows } from './rows.js';

/** Counts of one step. */
export type StepCounts = { -readonly [K in 'rowsIn' | 'rowsOut' | 'late' | 'rejected' | 'dropped']: StepMetrics[K] };

/** Counts at the start. */
export function noCounts(): StepCounts {
  return { rowsIn: 0, rowsOut: 0, late: 0, rejected: 0, dropped: 0 };
}

/** What leaves a job, until it is drained. Bounded by what one call of the job can give out. */
export class Outputs {
  #outputs: Output[] = [];
  /** Rows that were told of as late since the last drain, by the batch they came in. */
  readonly #late = new Map<RowBatch, Set<number>>();

  /** Everything since the last call. */
  drain(): Output[] {
    const drained = this.#outputs;
    this.#outputs = [];
    this.#late.clear();
    return drained;
  }

  /** Rows for a sink. */
  result(output: Omit<ResultOutput, 'kind'>): void {
    this.#outputs.push({ kind: 'result', ...output });
  }

  /** Rows (by number, as far as `count`) that came too late for `step`; those that did for a step before are not told again. */
  late(step: string, rows: Pick<Rows, 'times' | 'origin'>, numbers: Int32Array, count: number): void {
    const { source, batch } = rows.origin;
    const known = this.#late.get(batch) ?? new Set();
    const fresh = numbers.subarray(0, count).filter((row) => !known.has(row));
    if (fresh.length === 0) return;
    for (const row of fresh) known.add(row);
    this.#late.set(batch, known);
    const eventTimes = gatherNumbers(rows.times, fresh, fresh.length);
    this.#outputs.push({ kind: 'late', step, source, batch: gatherBatch(batch, fresh, fresh.length), eventTimes });
  }

  /** Rows that are rejected by `step`, by number, with the reasons. */
  rejected(
    step: string,
    origin: { source: string | null; batch: RowBatch },
    reasons: ReadonlyMap<number, string>,
  ): void {
    const numbers = Int32Array.from(reasons.keys()).sort();
    const batch = gatherBatch(origin.batch, numbers, numbers.length);
    const texts = Array.from(numbers, (row) => reasons.get(row)!);
    this.#outputs.push({ kind: 'rejected', step, source: origin.source, batch, reasons: texts });
  }
}
