import { columnIndex, makeVector, type Schema, setValue, type Value, type Vector } from '../../base/row-batch.js';
import type { FlattenNode } from '../../plan/plan.js';
import { type Cast, castFor } from '../functions/casts.js';
import type { CloseReason } from '../job.js';
import { noCounts, type Outputs } from '../outputs.js';
import { gatherVector, type Receiver, type Rows, spreadRows } from '../rows.js';
import { NOTHING_HELD, type Operator } from './operator.js';

/** One element of a row's array; the row's number and the values it gives. */
interface Element {
  readonly row: number;
  readonly position: number | null;
  readonly values: readonly Value[];
}

/**
 * One row per element of an array. It keeps no state and looks at each row by itself, so late rows are safe: they pass like any
 * other. A row with an element that does not fit is rejected as a whole.
 */
export class FlattenStep implements Operator {
  readonly counts = noCounts();
  readonly #node: FlattenNode;
  readonly #schema: Schema;
  readonly #output: Schema;
  readonly #outputs: Outputs;
  readonly #next: Receiver;
  readonly #array: number;
  readonly #casts: readonly Cast[];

  constructor(node: FlattenNode, schema: Schema, output: Schema, outputs: Outputs, next: Receiver) {
    this.#node = node;
    this.#schema = schema;
    this.#output = output;
    this.#outputs = outputs;
    this.#next = next;
    this.#array = columnIndex(schema, node.column);
    this.#casts = node.fields.map(({ type }) => castFor('json', type));
  }

  rows(rows: Rows): void {
    const { selection, selected, changes } = rows;
    this.counts.rowsIn += selected;
    const elements: Element[] = [];
    const reasons = new Map<number, string>();
    const array = rows.vectors[this.#array]!;
    for (let k = 0; k < selected; k++) {
      const row = selection[k]!;
      const found = this.#elementsOf((array.data[row] ?? null) as Value, row);
      if (typeof found === 'string') {
        if (changes?.[row] !== -1) reasons.set(row, found);
      } else for (const element of found) elements.push(element);
    }
    if (reasons.size > 0) {
      this.counts.rejected += reasons.size;
      this.#outputs.rejected(this.#node.name, rows.origin, reasons);
    }
    if (elements.length > 0) this.#next.rows(this.#flat(rows, elements));
    this.counts.rowsOut += elements.length;
  }

  /** Elements of an array, or why it has none. */
  #elementsOf(array: Value, row: number): Element[] | string {
    const { column, fields, outer } = this.#node;
    if (array !== null && !Array.isArray(array)) return `${column} is no array`;
    const items = (array ?? []) as readonly Value[];
    if (items.length === 0) return outer ? [{ row, position: null, values: fields.map(() => null) }] : [];
    const elements: Element[] = [];
    for (const [position, item] of items.entries()) {
      const values: Value[] = [];
      for (const [at, { name, from, type }] of fields.entries()) {
        const raw = from === null ? item : fieldOf(item, from);
        const value = raw === null ? null : this.#casts[at]!(raw);
        if (value === undefined) return `${name}: element ${position} of ${column} is no ${type}`;
        values.push(value);
      }
      elements.push({ row, position, values });
    }
    return elements;
  }

  #flat(rows: Rows, elements: readonly Element[]): Rows {
    const count = elements.length;
    const numbers = Int32Array.from(elements, (element) => element.row);
    const kept = this.#schema.flatMap((_, at) =>
      at === this.#array ? [] : [gatherVector(rows.vectors[at]!, numbers, count)],
    );
    const made = (type: Schema[number]['type'], read: (element: Element) => Value): Vector => {
      const vector = makeVector(type, count);
      elements.forEach((element, row) => {
        setValue(vector, row, read(element));
      });
      return vector;
    };
    const position = this.#node.position === null ? [] : [made('bigint', (element) => element.position)];
    const fields = this.#node.fields.map(({ type }, at) => made(type, (element) => element.values[at]!));
    return spreadRows(rows, numbers, { schema: this.#output, vectors: [...kept, ...position, ...fields] });
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

function fieldOf(item: Value, name: string): Value {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return null;
  return Object.hasOwn(item, name) ? ((item as { readonly [key: string]: Value })[name] ?? null) : null;
}
