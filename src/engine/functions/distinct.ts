import { StreamctlError } from '../../base/errors.js';
import { makeVector, setValue, type Value, type ValueType, type Vector, valueAt } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import type { AggregateRows, AggregateState } from './aggregate-state.js';

/** Bound of the different values that one DISTINCT aggregate remembers over all its groups. */
export const MAX_DISTINCT_VALUES = 5_000_000;

/** An aggregate over the different values of its argument. State: the set of values of each group. */
export class DistinctState implements AggregateState {
  readonly #type: ValueType;
  readonly #inner: AggregateState;
  #sets: (Set<Value> | undefined)[] = [];
  #total = 0;

  /** @param inner state of the function itself, used for one group at a time. */
  constructor(type: ValueType, inner: AggregateState) {
    this.#type = type;
    this.#inner = inner;
    inner.resize(1);
  }

  resize(capacity: number): void {
    this.#sets.length = capacity;
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    for (let k = 0; k < count; k++) this.#offer(slots[k]!, valueAt(argument!, this.#type, rows[k]!));
  }

  #offer(slot: number, value: Value): void {
    if (value === null) return;
    this.#sets[slot] ??= new Set();
    const set = this.#sets[slot];
    const before = set.size;
    set.add(value);
    this.#total += set.size - before;
    if (this.#total > MAX_DISTINCT_VALUES) {
      throw new StreamctlError('limit-exceeded', `DISTINCT would remember more than ${MAX_DISTINCT_VALUES} values`, {
        hint: 'use shorter windows or fewer groups',
      });
    }
  }

  merge(into: number, other: DistinctState, from: number): void {
    for (const value of other.#sets[from] ?? []) this.#offer(into, value);
  }

  result(slot: number, out: Vector, row: number): void {
    const values = [...(this.#sets[slot] ?? [])];
    const argument = makeVector(this.#type, values.length);
    values.forEach((value, index) => {
      setValue(argument, index, value);
    });
    const rows = Int32Array.from(values, (_, index) => index);
    const count = values.length;
    this.#inner.add({ rows, slots: new Int32Array(count), count, times: new Float64Array(count) }, argument);
    this.#inner.result(0, out, row);
    this.#inner.clear(0);
  }

  clear(slot: number): void {
    this.#total -= this.#sets[slot]?.size ?? 0;
    this.#sets[slot] = undefined;
  }

  save(slot: number, writer: StateWriter): void {
    const set = this.#sets[slot] ?? new Set();
    writer.count(set.size);
    for (const value of set) writer.value(value);
  }

  load(slot: number, reader: StateReader): void {
    const size = reader.length();
    for (let index = 0; index < size; index++) this.#offer(slot, reader.value());
  }
}
