import type { Value, Vector } from '../../base/row-batch.js';

/** Value of a key column at `row`, in a form that is equal for equal keys; booleans are 0 and 1. */
export function keyAt(column: Vector, row: number): Value {
  if (column.kind === 'object') return (column.data[row] ?? null) as Value;
  if (column.nulls[row] !== 0) return null;
  return column.wide?.get(row) ?? column.data[row]!;
}

type Level = Map<Value, unknown>;

/** Finds what belongs to a key of any number of columns: a map per column, one inside the other. Null is a key. */
export class KeyIndex<T> {
  readonly #columns: number;
  readonly #root: Level = new Map();
  #only: T | undefined;

  /** @param columns number of key columns; 0: there is one key. */
  constructor(columns: number) {
    this.#columns = columns;
  }

  /** What belongs to the key at `row` of the key columns. */
  find(columns: readonly Vector[], row: number): T | undefined {
    if (this.#columns === 0) return this.#only;
    let level = this.#root;
    for (let at = 0; at < this.#columns - 1; at++) {
      const next = level.get(keyAt(columns[at]!, row)) as Level | undefined;
      if (next === undefined) return undefined;
      level = next;
    }
    return level.get(keyAt(columns[this.#columns - 1]!, row)) as T | undefined;
  }

  /** What belongs to a key given by its values. */
  get(key: readonly Value[]): T | undefined {
    if (this.#columns === 0) return this.#only;
    return this.#level(key, false)?.get(key[this.#columns - 1]!) as T | undefined;
  }

  /** Stores what belongs to the key at `row` of the key columns. */
  put(columns: readonly Vector[], row: number, item: T): void {
    if (this.#columns === 1) this.#root.set(keyAt(columns[0]!, row), item);
    else
      this.set(
        columns.map((column) => keyAt(column, row)),
        item,
      );
  }

  /** Stores what belongs to a key. */
  set(key: readonly Value[], item: T): void {
    if (this.#columns === 0) this.#only = item;
    else this.#level(key, true)!.set(key[this.#columns - 1]!, item);
  }

  /** Forgets a key. */
  delete(key: readonly Value[]): void {
    if (this.#columns === 0) {
      this.#only = undefined;
      return;
    }
    const path: Level[] = [this.#root];
    for (let at = 0; at < this.#columns - 1; at++) {
      const next = path[at]!.get(key[at]!) as Level | undefined;
      if (next === undefined) return;
      path.push(next);
    }
    // Maps that become empty go too, or keys that never come back would fill the memory.
    for (let at = this.#columns - 1; at >= 0; at--) {
      path[at]!.delete(key[at]!);
      if (path[at]!.size > 0) return;
    }
  }

  #level(key: readonly Value[], make: boolean): Level | undefined {
    let level = this.#root;
    for (let at = 0; at < this.#columns - 1; at++) {
      let next = level.get(key[at]!) as Level | undefined;
      if (next === undefined) {
        if (!make) return undefined;
        next = new Map();
        level.set(key[at]!, next);
      }
      level = next;
    }
    return level;
  }
}
