import { type DashboardSnapshot, MAX_HISTORY } from '../../../plan/snapshot.js';

/** Time between two numbers of the finer history. */
export const STEP_MS = 250;
/** Rates are taken over so long, so that the beat of lots does not show. */
const OVER_MS = 1_000;

/** Gives the looks at a short run a history of rates in quarters of a second instead of whole ones. */
export class RateSampler {
  /** Rows read as of the end of each step. */
  readonly #rows: number[] = [];

  /** The snapshot with the finer history. To be called once a step or more often. */
  refine(snapshot: DashboardSnapshot): DashboardSnapshot {
    const { rowsIn } = snapshot.counts;
    const isOver = snapshot.state === 'done' || snapshot.state === 'failed';
    const steps = Math.min(MAX_HISTORY * 4, Math.floor(snapshot.elapsedMs / STEP_MS));
    if (!isOver) while (this.#rows.length < steps) this.#rows.push(rowsIn);
    const reach = OVER_MS / STEP_MS;
    const rates = this.#rows.map((rows, at) => ((rows - (this.#rows[at - reach] ?? 0)) * 1000) / OVER_MS);
    return {
      ...snapshot,
      rowsPerSecond: rates.at(-1) ?? snapshot.rowsPerSecond,
      history: { ...snapshot.history, rowsPerSecond: rates.slice(-MAX_HISTORY) },
    };
  }
}
