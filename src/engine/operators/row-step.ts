import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import type { Operator } from './operator.js';
import { NOTHING_HELD } from './operator.js';

/** What a step without state does with rows: gives back those that go on, and says which it rejects. */
export type RowWork = (rows: Rows, reject: (row: number, reason: string) => void) => Rows;

/**
 * A step that looks at each row by itself: filter, check, derive, select. It keeps no state, so late rows are
 * safe: they pass like any other.
 */
export class RowStep implements Operator {
  readonly counts = noCounts();
  readonly #name: string;
  readonly #work: RowWork;
  readonly #outputs: Outputs;
  readonly #next: Receiver;

  constructor(name: string, work: RowWork, outputs: Outputs, next: Receiver) {
    this.#name = name;
    this.#work = work;
    this.#outputs = outputs;
    this.#next = next;
  }

  rows(rows: Rows): void {
    this.counts.rowsIn += rows.selected;
    const reasons = new Map<number, string>();
    const passed = this.#work(rows, (row, reason) => {
      const known = reasons.get(row);
      reasons.set(row, known === undefined ? reason : `${known}; ${reason}`);
    });
    const good = reasons.size > 0 ? withoutRows(passed, reasons) : passed;
    // A row that is taken back was rejected when it came.
    const told = rows.changes ? new Map([...reasons].filter(([row]) => rows.changes![row] !== -1)) : reasons;
    if (told.size > 0) {
      this.counts.rejected += told.size;
      this.#outputs.rejected(this.#name, rows.origin, told);
    }
    this.counts.rowsOut += good.selected;
    if (good.selected > 0) this.#next.rows(good);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    this.#next.flush(reason);
  }

  held(): typeof NOTHING_HELD {
    return NOTHING_HELD;
  }

  save(): void {}

  load(): void {}
}

function withoutRows(rows: Rows, reasons: ReadonlyMap<number, string>): Rows {
  const selection = rows.selection.subarray(0, rows.selected).filter((row) => !reasons.has(row));
  return { ...rows, selection, selected: selection.length };
}
