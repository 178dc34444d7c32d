import type { StreamctlError } from '../../base/errors.js';
import { columnIndex, type Schema } from '../../base/row-batch.js';
import type { LatestByNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import { Heap } from '../state/heap.js';
import { compareHeld, type HeldRow, holdRow, loadRow, RowsBuilder, saveRow } from '../state/held-row.js';
import { KeyIndex } from '../state/key-index.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import type { Operator } from './operator.js';

/** The newest row of a key; a newer one takes its place. */
interface Cell {
  row: HeldRow;
}

/**
 * The newest row of each key, as a table that changes.
 *
 * State: the row of each key, and the rows that are ahead of the watermark. Those wait until it passes them and are then
 * taken in the order of their event time, so that the table is, at every moment of event time, what the rows up to then
 * make it, whatever order they came in. What leaves is the row that was replaced (taken back, with its own time) and the
 * one that is new. A row behind the watermark is taken at once: when it is the newest of its key it counts from now on,
 * however old it is (a station that has been silent for a year still has its bikes); otherwise it is dropped and
 * counted, as repeats are. No row is late.
 */
export class LatestBy implements Operator {
  readonly counts = noCounts();
  readonly #node: LatestByNode;
  readonly #next: Receiver;
  readonly #maxRows: number;
  readonly #keys: readonly number[];
  readonly #index: KeyIndex<Cell>;
  readonly #cells = new Set<Cell>();
  readonly #waiting = new Heap<HeldRow>(compareHeld);
  readonly #out: RowsBuilder;
  /** Every row that came up to this time was taken. */
  #taken = Number.NEGATIVE_INFINITY;
  /** Watermark of the last row that left. */
  #left = Number.NEGATIVE_INFINITY;

  /** @param maxRows bound of the keys, and of the rows that wait. */
  constructor(node: LatestByNode, schema: Schema, next: Receiver, maxRows: number) {
    this.#node = node;
    this.#next = next;
    this.#maxRows = maxRows;
    this.#keys = node.keys.map((key) => columnIndex(schema, key));
    this.#index = new KeyIndex(this.#keys.length);
    this.#out = new RowsBuilder(schema, true);
  }

  rows(rows: Rows): void {
    const { selection, selected, times, watermarks } = rows;
    this.counts.rowsIn += selected;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      this.#takeUpTo(watermarks[row]!);
      const held = holdRow(rows, row);
      if (times[row]! <= this.#taken) this.#take(held, this.#taken);
      else {
        if (this.#waiting.size >= this.#maxRows) throw this.#full('rows ahead of the watermark');
        this.#waiting.push(held);
      }
    }
    this.#handOn(rows.reason);
  }

  #takeUpTo(ms: number): void {
    for (let first = this.#waiting.peek(); first !== undefined && first.time <= ms; first = this.#waiting.peek()) {
      this.#waiting.pop();
      this.#take(first, first.time - 1);
    }
    this.#taken = Math.max(this.#taken, ms);
  }

  #take(row: HeldRow, watermark: number): void {
    const key = this.#keys.map((position) => row.values[position]!);
    const cell = this.#index.get(key);
    if (cell !== undefined && row.time <= cell.row.time) {
      this.counts.dropped++;
      return;
    }
    this.#left = Math.max(this.#left, watermark);
    if (cell !== undefined) {
      this.#out.add(cell.row, this.#left, -1);
      cell.row = row;
    } else {
      if (this.#cells.size >= this.#maxRows) throw this.#full('keys');
      this.#put(key, row);
    }
    this.#out.add(row, this.#left);
  }

  #put(key: readonly HeldRow['values'][number][], row: HeldRow): void {
    const cell = { row };
    this.#index.set(key, cell);
    this.#cells.add(cell);
  }

  #full(what: string): StreamctlError {
    const hint = 'use keys with fewer values, or less lateness';
    return stateFull({ step: this.#node.name, what, max: this.#maxRows, hint });
  }

  #handOn(reason: CloseReason): void {
    const rows = this.#out.take(reason);
    if (rows === undefined) return;
    this.counts.rowsOut += rows.selected;
    this.#next.rows(rows);
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#takeUpTo(ms);
    this.#handOn('update');
    this.#next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    for (let row = this.#waiting.pop(); row !== undefined; row = this.#waiting.pop()) this.#take(row, row.time - 1);
    this.#handOn('update');
    this.#next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#cells.size, windows: 0 };
  }

  save(writer: StateWriter): void {
    writer.number(this.#taken);
    writer.number(this.#left);
    for (const rows of [[...this.#cells].map((cell) => cell.row), [...this.#waiting]]) {
      writer.count(rows.length);
      for (const row of rows) saveRow(row, writer);
    }
  }

  load(reader: StateReader): void {
    this.#taken = reader.number();
    this.#left = reader.number();
    for (let left = reader.length(); left > 0; left--) {
      const row = loadRow(reader);
      this.#put(
        this.#keys.map((position) => row.values[position]!),
        row,
      );
    }
    for (let left = reader.length(); left > 0; left--) this.#waiting.push(loadRow(reader));
  }
}
