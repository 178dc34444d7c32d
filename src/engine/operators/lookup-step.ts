import { assert } from '../../base/assert.js';
import type { StreamctlError } from '../../base/errors.js';
import {
  columnIndex,
  makeVector,
  type Schema,
  setValue,
  type Value,
  type Vector,
  valueAt,
} from '../../base/row-batch.js';
import type { LookupNode } from '../../plan/plan.js';
import type { CloseReason } from '../job.js';
import { noCounts } from '../outputs.js';
import type { Receiver, Rows } from '../rows.js';
import { rowText } from '../state/held-row.js';
import { LookupIndex, type ReferenceTables } from '../state/reference-table.js';
import { stateFull } from '../state/state-full.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import type { Operator } from './operator.js';

/** What a lookup is made from. */
export interface LookupParts {
  readonly node: LookupNode;
  readonly input: Schema;
  readonly output: Schema;
  readonly tables: ReferenceTables;
  readonly next: Receiver;
  /** Whether rows of the input are taken back. */
  readonly changing: boolean;
  /** Bound of the rows of a changing input. */
  readonly maxRows: number;
}

/**
 * Adds the columns of the one row of a reference table that fits.
 *
 * State: none for a stream, whose rows meet the table as it is when they come; rows pass at once, so none is late. For an
 * input whose rows are taken back it remembers what each row found: a row leaves as it came in, although the table may be
 * another one by then.
 */
export class LookupStep implements Operator {
  readonly counts = noCounts();
  readonly #parts: LookupParts;
  readonly #keys: readonly number[];
  readonly #range: number | undefined;
  #index: LookupIndex | undefined;
  /** What the rows of a changing input found, by their text; equal rows one after the other. */
  readonly #found = new Map<string, (readonly Value[] | null)[]>();
  #held = 0;

  constructor(parts: LookupParts) {
    const { node, input } = parts;
    this.#parts = parts;
    this.#keys = node.keys.map(({ left }) => columnIndex(input, left));
    this.#range = node.range ? columnIndex(input, node.range.value) : undefined;
  }

  #indexNow(): LookupIndex {
    const { node, tables } = this.#parts;
    const table = tables.get(node.table);
    assert(table, `table ${node.table} was given to the job`);
    if (this.#index?.table !== table) this.#index = new LookupIndex(node, table);
    return this.#index;
  }

  rows(rows: Rows): void {
    const { node, input, output } = this.#parts;
    const { selection, selected, changes } = rows;
    this.counts.rowsIn += selected;
    const index = this.#indexNow();
    const keys = this.#keys.map((position) => rows.vectors[position]!);
    const range = this.#range === undefined ? undefined : rows.vectors[this.#range]!;
    const added = output.slice(input.length).map((column) => makeVector(column.type, rows.times.length));
    const kept = new Int32Array(selected);
    let count = 0;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const values = changes
        ? this.#remembered(rows, row, changes[row]!, () => index.find(keys, range, row))
        : index.find(keys, range, row);
      if (values === null && node.join === 'inner') {
        if (changes?.[row] !== -1) this.counts.dropped++;
        continue;
      }
      store(added, row, values);
      kept[count++] = row;
    }
    this.counts.rowsOut += count;
    if (count === 0) return;
    const vectors = [...rows.vectors, ...added];
    this.#parts.next.rows({ ...rows, schema: output, vectors, selection: kept, selected: count });
  }

  #remembered(rows: Rows, row: number, change: number, find: () => readonly Value[] | null): readonly Value[] | null {
    const text = rowText(rows.schema.map((column, at) => valueAt(rows.vectors[at]!, column.type, row)));
    const known = this.#found.get(text);
    if (change > 0) {
      if (this.#held >= this.#parts.maxRows) throw this.#full();
      const values = find();
      this.#held++;
      if (known) known.push(values);
      else this.#found.set(text, [values]);
      return values;
    }
    assert(known, 'a row that is taken back was there');
    this.#held--;
    if (known.length === 1) this.#found.delete(text);
    return known.shift()!;
  }

  #full(): StreamctlError {
    const { node, maxRows } = this.#parts;
    const hint = 'use keys with fewer values in the step before';
    return stateFull({ step: node.name, what: 'rows', max: maxRows, hint });
  }

  watermark(ms: number, reason: CloseReason): void {
    this.#parts.next.watermark(ms, reason);
  }

  flush(reason: CloseReason): void {
    this.#parts.next.flush(reason);
  }

  held(): { groups: number; windows: number } {
    return { groups: this.#held, windows: 0 };
  }

  save(writer: StateWriter): void {
    writer.count(this.#found.size);
    for (const [text, found] of this.#found) {
      writer.text(text);
      writer.count(found.length);
      for (const values of found) {
        writer.byte(values === null ? 0 : 1);
        if (values === null) continue;
        writer.count(values.length);
        for (const value of values) writer.value(value);
      }
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.length(); left > 0; left--) {
      const text = reader.text();
      const found = Array.from({ length: reader.length() }, () =>
        reader.byte() === 0 ? null : Array.from({ length: reader.length() }, () => reader.value()),
      );
      this.#found.set(text, found);
      this.#held += found.length;
    }
  }
}

function store(vectors: readonly Vector[], row: number, values: readonly Value[] | null): void {
  for (let at = 0; at < vectors.length; at++) setValue(vectors[at]!, row, values === null ? null : values[at]!);
}
