import { columnIndex, type RowBatch, type Value, type Vector, valueAt } from '../../base/row-batch.js';
import type { LookupNode } from '../../plan/plan.js';
import { compareAny } from './held-row.js';
import { KeyIndex, keyAt } from './key-index.js';

/** Reference data as it is now. */
export interface ReferenceTable {
  readonly rows: RowBatch;
  /** Says which edition of the data this is. */
  readonly version: string;
}

/** The tables of a job, by name; a newer edition takes the place of the one before. */
export type ReferenceTables = Map<string, ReferenceTable>;

/** Finds the row of a table that fits a row, and its values. */
export class LookupIndex {
  readonly #table: ReferenceTable;
  readonly #node: LookupNode;
  readonly #index: KeyIndex<number[]>;
  readonly #from: Vector | undefined;
  readonly #to: Vector | undefined;
  readonly #taken: readonly number[];
  /** Values of the rows that were found, made once. */
  readonly #values = new Map<number, readonly Value[]>();

  constructor(node: LookupNode, table: ReferenceTable) {
    this.#table = table;
    this.#node = node;
    const { rows } = table;
    const vectorOf = (name: string): Vector => rows.vectors[columnIndex(rows.schema, name)]!;
    this.#taken = node.columns.map(({ from }) => columnIndex(rows.schema, from));
    this.#from = node.range ? vectorOf(node.range.from) : undefined;
    this.#to = node.range ? vectorOf(node.range.to) : undefined;
    this.#index = new KeyIndex(node.keys.length);
    const keys = node.keys.map(({ right }) => vectorOf(right));
    const lists = new Set<number[]>();
    for (let row = 0; row < rows.length; row++) {
      const key = keys.map((vector) => keyAt(vector, row));
      if (key.includes(null)) continue;
      const list = this.#index.get(key);
      if (list === undefined) {
        const made = [row];
        lists.add(made);
        this.#index.set(key, made);
      } else list.push(row);
    }
    for (const list of lists) list.sort((a, b) => this.#preference(a, b));
  }

  /** The edition that is looked up in. */
  get table(): ReferenceTable {
    return this.#table;
  }

  /** Which of two rows with equal keys is taken first: latest start, narrowest period, last in the table. */
  #preference(a: number, b: number): number {
    if (this.#from && this.#to) {
      const start = compareAny(keyAt(this.#from, b), keyAt(this.#from, a));
      if (start !== 0) return start;
      const [endA, endB] = [keyAt(this.#to, a), keyAt(this.#to, b)];
      // With equal starts the narrower period ends earlier; an open one never does.
      if (endA !== endB) return endA === null ? 1 : endB === null ? -1 : compareAny(endA, endB);
    }
    return b - a;
  }

  /**
   * Values of the looked up columns and the version, for row `row` of the key columns; null when nothing fits.
   * @param range the column that has to lie between the bounds.
   */
  find(keys: readonly Vector[], range: Vector | undefined, row: number): readonly Value[] | null {
    const list = this.#index.find(keys, row);
    if (list === undefined) return null;
    if (range === undefined) return this.#valuesOf(list[0]!);
    const value = keyAt(range, row);
    if (value === null) return null;
    for (const candidate of list) {
      const from = keyAt(this.#from!, candidate);
      const to = keyAt(this.#to!, candidate);
      if ((from === null || compareAny(from, value) <= 0) && (to === null || compareAny(value, to) <= 0))
        return this.#valuesOf(candidate);
    }
    return null;
  }

  #valuesOf(row: number): readonly Value[] {
    let values = this.#values.get(row);
    if (values === undefined) {
      const { rows, version } = this.#table;
      const taken = this.#taken.map((at) => valueAt(rows.vectors[at]!, rows.schema[at]!.type, row));
      values = this.#node.version === null ? taken : [...taken, version];
      this.#values.set(row, values);
    }
    return values;
  }
}
