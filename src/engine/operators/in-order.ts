import type { Rows } from '../rows.js';
import { Heap } from '../state/heap.js';
import { compareHeld, type HeldRow, holdRow, loadRow, saveRow } from '../state/held-row.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';

/** What happens to a row in its turn. @param watermark no row that comes later is as old. */
export type TakeRow = (row: HeldRow, watermark: number) => void;

/**
 * Rows in the order of their event time, whatever order they came in: a row waits until the watermark passes it. State: the
 * rows that wait.
 */
export class InOrder {
  readonly #step: string;
  readonly #maxRows: number;
  readonly #take: TakeRow;
  readonly #waiting = new Heap<HeldRow>(compareHeld);
  #taken = Number.NEGATIVE_INFINITY;

  /** @param maxRows bound of the rows that wait. */
  constructor(step: string, maxRows: number, take: TakeRow) {
    this.#step = step;
    this.#maxRows = maxRows;
    this.#take = take;
  }

  /** Every row up to this time had its turn. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes rows in; those whose turn was before they came go to `behind`. @throws `limit-exceeded` */
  accept(rows: Rows, behind: (held: HeldRow, row: number) => void): void {
    const { selection, selected, times, watermarks } = rows;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      this.advance(watermarks[row]!);
      const held = holdRow(rows, row);
      if (times[row]! <= this.#taken) {
        behind(held, row);
        continue;
      }
      if (this.#waiting.size >= this.#maxRows) {
        const what = 'rows ahead of the watermark';
        throw stateFull({ step: this.#step, what, max: this.#maxRows, hint: 'use less lateness' });
      }
      this.#waiting.push(held);
    }
  }

  /** It is the turn of all rows up to `ms`. */
  advance(ms: number): void {
    for (let first = this.#waiting.peek(); first !== undefined && first.time <= ms; first = this.#waiting.peek()) {
      this.#waiting.pop();
      this.#take(first, first.time - 1);
    }
    if (ms > this.#taken) this.#taken = ms;
  }

  /** It is the turn of all rows that there are. */
  finish(): void {
    let last = Number.NEGATIVE_INFINITY;
    for (const row of this.#waiting) last = Math.max(last, row.time);
    this.advance(last);
  }

  /** Number of rows that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Writes the rows that wait. */
  save(writer: StateWriter): void {
    writer.number(this.#taken);
    writer.count(this.#waiting.size);
    for (const row of this.#waiting) saveRow(row, writer);
  }

  /** Reads what {@link InOrder.save} wrote. */
  load(reader: StateReader): void {
    this.#taken = reader.number();
    for (let left = reader.length(); left > 0; left--) this.#waiting.push(loadRow(reader));
  }
}
