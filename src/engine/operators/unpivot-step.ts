import { columnIndex, makeVector, type Schema, setValue, type Vector, valueAt } from '../../base/row-batch.js';
import type { UnpivotNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts } from '../outputs.js';
import { gatherVector, type Receiver, type Rows, spreadRows } from '../rows.js';
import { NOTHING_HELD, type Operator } from './operator.js';

/**
 * One row per column. It keeps no state and looks at each row by itself, so late rows are safe: they pass like any other. A row
 * that is taken back gives the same rows again, which are taken back with it.
 */
export class UnpivotStep implements Operator {
  readonly counts = noCounts();
  readonly #node: UnpivotNode;
  readonly #output: Schema;
  readonly #next: Receiver;
  readonly #columns: readonly number[];
  readonly #kept: readonly number[];

  constructor(node: UnpivotNode, schema: Schema, output: Schema, next: Receiver) {
    this.#node = node;
    this.#output = output;
    this.#next = next;
    this.#columns = node.columns.map(({ column }) => columnIndex(schema, column));
    this.#kept = schema.flatMap((_, at) => (this.#columns.includes(at) ? [] : [at]));
  }

  rows(rows: Rows): void {
    const { selection, selected } = rows;
    this.counts.rowsIn += selected;
    const columns = this.#columns.map((at) => rows.vectors[at]!);
    const numbers = new Int32Array(selected * columns.length);
    const places = new Int32Array(numbers.length);
    let count = 0;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      for (let place = 0; place < columns.length; place++) {
        if (isNull(columns[place]!, row)) continue;
        numbers[count] = row;
        places[count++] = place;
      }
    }
    if (count === 0) return;
    this.counts.rowsOut += count;
    this.#next.rows(this.#spread(rows, columns, numbers.subarray(0, count), places));
  }

  #spread(rows: Rows, columns: readonly Vector[], numbers: Int32Array, places: Int32Array): Rows {
    const count = numbers.length;
    const { type } = this.#output.at(-1)!;
    const labels = makeVector('string', count);
    const values = makeVector(type, count);
    for (let at = 0; at < count; at++) {
      const place = places[at]!;
      setValue(labels, at, this.#node.columns[place]!.label);
      setValue(values, at, valueAt(columns[place]!, type, numbers[at]!));
    }
    const kept = this.#kept.map((at) => gatherVector(rows.vectors[at]!, numbers, count));
    return spreadRows(rows, numbers, { schema: this.#output, vectors: [...kept, labels, values] });
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

function isNull(vector: Vector, row: number): boolean {
  return vector.kind === 'number' ? vector.nulls[row] === 1 : (vector.data[row] ?? null) === null;
}
