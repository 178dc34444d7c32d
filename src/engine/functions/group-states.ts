import { StreamctlError } from '../../base/errors.js';
import { setValue, type Value, type ValueType, type Vector, valueAt } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import type { AggregateRows, AggregateState } from './aggregate-state.js';

/** Bound of what one aggregate call that keeps values remembers over all its groups. */
export const MAX_KEPT_VALUES = 5_000_000;

/** One value that an aggregate takes (sign 1) or gives back (-1). */
export interface Taken {
  /** Never null; zero has no sign. */
  readonly value: Value;
  readonly time: number;
  readonly sign: number;
}

/**
 * Aggregates of one column whose groups have an object each. Nulls are left out; rows may be taken back. What comes out depends
 * on the values only, not on the order in which they came or on the merges between.
 */
export abstract class GroupStates<S> implements AggregateState {
  readonly #type: ValueType;
  readonly #name: string;
  readonly #states: (S | undefined)[] = [];
  #kept = 0;

  /** @param name of the function, for messages. */
  constructor(name: string, type: ValueType) {
    this.#name = name;
    this.#type = type;
  }

  protected abstract fresh(): S;
  /** Takes a value. @returns by how much more is remembered. */
  protected abstract take(state: S, taken: Taken): number;
  /** Adds what another state holds. @returns by how much more is remembered. */
  protected abstract join(state: S, other: S): number;
  protected abstract resultOf(state: S): Value;
  protected abstract write(state: S, writer: StateWriter): void;
  /** Reads into a fresh state. @returns how much is remembered. */
  protected abstract read(state: S, reader: StateReader): number;
  /** How much a state remembers. */
  protected abstract sizeOf(state: S): number;

  resize(capacity: number): void {
    this.#states.length = capacity;
  }

  #at(slot: number): S {
    this.#states[slot] ??= this.fresh();
    return this.#states[slot];
  }

  #count(change: number): void {
    this.#kept += change;
    if (this.#kept <= MAX_KEPT_VALUES) return;
    throw new StreamctlError('limit-exceeded', `${this.#name} would remember more than ${MAX_KEPT_VALUES} values`, {
      hint: 'use shorter windows or fewer groups, or APPROX_PERCENTILE and APPROX_COUNT_DISTINCT',
    });
  }

  add({ rows, slots, count, times, signs }: AggregateRows, argument: Vector | undefined): void {
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const value = valueAt(argument!, this.#type, row);
      if (value === null) continue;
      const taken = { value: value === 0 ? 0 : value, time: times[row]!, sign: signs ? signs[row]! : 1 };
      this.#count(this.take(this.#at(slots[k]!), taken));
    }
  }

  merge(into: number, other: GroupStates<S>, from: number): void {
    const source = other.#states[from];
    if (source !== undefined) this.#count(this.join(this.#at(into), source));
  }

  result(slot: number, out: Vector, row: number): void {
    setValue(out, row, this.resultOf(this.#states[slot] ?? this.fresh()));
  }

  clear(slot: number): void {
    const state = this.#states[slot];
    if (state !== undefined) this.#kept -= this.sizeOf(state);
    this.#states[slot] = undefined;
  }

  save(slot: number, writer: StateWriter): void {
    this.write(this.#states[slot] ?? this.fresh(), writer);
  }

  load(slot: number, reader: StateReader): void {
    this.#count(this.read(this.#at(slot), reader));
  }
}

/** Values with how often each is there. State: one entry per different value. */
export abstract class ValueCounts extends GroupStates<Map<Value, number>> {
  protected override fresh(): Map<Value, number> {
    return new Map();
  }

  /** What a value is counted as. */
  protected keyOf(value: Value): Value {
    return value;
  }

  protected override take(state: Map<Value, number>, { value, sign }: Taken): number {
    return change(state, this.keyOf(value), sign);
  }

  protected override join(state: Map<Value, number>, other: Map<Value, number>): number {
    let more = 0;
    for (const [value, count] of other) more += change(state, value, count);
    return more;
  }

  protected override write(state: Map<Value, number>, writer: StateWriter): void {
    writer.count(state.size);
    for (const [value, count] of state) {
      writer.value(value);
      writer.count(count);
    }
  }

  protected override read(state: Map<Value, number>, reader: StateReader): number {
    let more = 0;
    for (let left = reader.length(); left > 0; left--) more += change(state, reader.value(), reader.count());
    return more;
  }

  protected override sizeOf(state: Map<Value, number>): number {
    return state.size;
  }
}

function change(state: Map<Value, number>, value: Value, by: number): number {
  const before = state.get(value) ?? 0;
  if (before + by === 0) state.delete(value);
  else state.set(value, before + by);
  return before === 0 ? 1 : before + by === 0 ? -1 : 0;
}
