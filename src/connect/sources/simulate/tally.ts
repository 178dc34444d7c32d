import type { Delivery } from './disturb.js';

/** Subjects that are counted one by one; the rest are counted together. */
const MAX_SUBJECTS = 1_000;
const OTHERS = 'others';

/** What was sent, and what of it a pipeline should find. */
export interface SimulationCounts {
  /** Everything that was sent. */
  readonly records: number;
  /** Rows without a mistake, each once. */
  readonly clean: number;
  /** Clean rows by what they are about. */
  readonly subjects: Readonly<Record<string, number>>;
  /** Second copies, of clean rows and of others. */
  readonly duplicates: number;
  readonly late: number;
  /** Records with a mistake, by its name; copies too. */
  readonly anomalies: Readonly<Record<string, number>>;
  /** Event times of the first and the last row, epoch ms; undefined where nothing was sent. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
}

/** Counts deliveries. */
export class SimulationTally {
  #records = 0;
  #clean = 0;
  #duplicates = 0;
  #late = 0;
  #firstMs: number | undefined;
  #lastMs: number | undefined;
  readonly #subjects = new Map<string, number>();
  readonly #anomalies = new Map<string, number>();

  add({ row, anomaly, isCopy, isLate }: Delivery): void {
    this.#records++;
    this.#firstMs = Math.min(this.#firstMs ?? row.eventMs, row.eventMs);
    this.#lastMs = Math.max(this.#lastMs ?? row.eventMs, row.eventMs);
    if (isLate) this.#late++;
    if (isCopy) this.#duplicates++;
    if (anomaly !== undefined) count(this.#anomalies, anomaly);
    else if (!isCopy) {
      this.#clean++;
      const isKnown = this.#subjects.has(row.subject) || this.#subjects.size < MAX_SUBJECTS;
      count(this.#subjects, isKnown ? row.subject : OTHERS);
    }
  }

  /** Everything that was sent so far. */
  get records(): number {
    return this.#records;
  }

  /** Event time of the newest row, epoch ms; undefined before the first. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  counts(): SimulationCounts {
    return {
      records: this.#records,
      clean: this.#clean,
      subjects: Object.fromEntries(this.#subjects),
      duplicates: this.#duplicates,
      late: this.#late,
      anomalies: Object.fromEntries(this.#anomalies),
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
