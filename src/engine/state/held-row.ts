import { makeVector, type RowBatch, type Schema, setValue, type Value, valueAt } from '../../base/row-batch.js';
import { compareValues } from '../functions/aggregate-state.js';
import { jsonText } from '../functions/casts.js';
import type { CloseReason } from '../job.js';
import { everyRow, type Rows } from '../rows.js';
import type { StateReader } from './state-reader.js';
import type { StateWriter } from './state-writer.js';

/** A row that a step keeps: its event time and its values in the order of the columns. */
export interface HeldRow {
  readonly time: number;
  readonly values: readonly Value[];
}

/** A copy of one row. */
export function holdRow(rows: Rows, row: number): HeldRow {
  const values = rows.schema.map((column, at) => valueAt(rows.vectors[at]!, column.type, row));
  return { time: rows.times[row]!, values };
}

/** Order of any two values of one column: null first, JSON by its text. */
export function compareAny(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (typeof a === 'object' || typeof b === 'object') return compareValues(jsonText(a), jsonText(b));
  return compareValues(a, b);
}

/** Order by event time; rows of one time by their values, the larger first, so that any order of arrival ends in this one. */
export function compareHeld(a: HeldRow, b: HeldRow): number {
  return a.time - b.time || compareHeldValues(b, a);
}

function compareHeldValues(a: HeldRow, b: HeldRow): number {
  for (let at = 0; at < a.values.length; at++) {
    const order = compareAny(a.values[at]!, b.values[at]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** A text that is equal for equal rows only. */
export function rowText(values: readonly Value[]): string {
  return values
    .map((value) =>
      typeof value === 'bigint' ? `n${value}` : typeof value === 'number' ? String(value) : jsonText(value),
    )
    .join('\u0000');
}

/** Writes a row; {@link loadRow} reads it. */
export function saveRow({ time, values }: HeldRow, writer: StateWriter): void {
  writer.number(time);
  writer.count(values.length);
  for (const value of values) writer.value(value);
}

/** Reads what {@link saveRow} wrote. */
export function loadRow(reader: StateReader): HeldRow {
  const time = reader.number();
  return { time, values: Array.from({ length: reader.length() }, () => reader.value()) };
}

/** Collects rows that leave a step which makes them anew, with what happens to each. */
export class RowsBuilder {
  readonly #schema: Schema;
  readonly #changing: boolean;
  #held: HeldRow[] = [];
  #changes: (1 | -1)[] = [];
  #watermarks: number[] = [];

  /** @param changing whether rows may be taken back. */
  constructor(schema: Schema, changing: boolean) {
    this.#schema = schema;
    this.#changing = changing;
  }

  /** @param watermark in force before the row; must not fall. @param change -1: the row is taken back. */
  add(row: HeldRow, watermark: number, change: 1 | -1 = 1): void {
    this.#held.push(row);
    this.#changes.push(change);
    this.#watermarks.push(watermark);
  }

  /** What was added since the last call, undefined when that is nothing. */
  take(reason: CloseReason): Rows | undefined {
    const held = this.#held;
    const count = held.length;
    if (count === 0) return undefined;
    const vectors = this.#schema.map((column, at) => {
      const vector = makeVector(column.type, count);
      for (let row = 0; row < count; row++) setValue(vector, row, held[row]!.values[at]!);
      return vector;
    });
    const batch: RowBatch = { schema: this.#schema, length: count, vectors, partition: 0 };
    const rows: Rows = {
      schema: this.#schema,
      vectors,
      selection: everyRow(count),
      selected: count,
      times: Float64Array.from(held, (row) => row.time),
      watermarks: Float64Array.from(this.#watermarks),
      changes: this.#changing ? Int8Array.from(this.#changes) : undefined,
      reason,
      windowStarts: undefined,
      windowEnds: undefined,
      origin: { source: null, batch },
    };
    this.#held = [];
    this.#changes = [];
    this.#watermarks = [];
    return rows;
  }
}
