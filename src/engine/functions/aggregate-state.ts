import { assert } from '../../base/assert.js';
import type { NumberVector, Value, ValueType, Vector } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';

/** Rows for an aggregate: the k-th is row `rows[k]` and belongs to group `slots[k]`. */
export interface AggregateRows {
  readonly rows: Int32Array;
  readonly slots: Int32Array;
  readonly count: number;
  /** Event time of every row of the batch, by row number. */
  readonly times: Float64Array;
  /** 1 for rows to add, -1 for rows to take back, by row number; absent: all are added. Only some states take rows back. */
  readonly signs?: Int8Array | undefined;
}

/**
 * An aggregate function at work for many groups; each has a slot. States are mergeable: adding rows to two
 * states and merging them gives what one state gives for all rows. `T` is the implementing class.
 */
export interface AggregateState {
  /** Makes room for slots 0 to `capacity` - 1; new slots are empty. */
  resize(capacity: number): void;
  /** Takes rows; nulls are left out. `argument` is undefined for functions without one, `second` for those with one. */
  add(rows: AggregateRows, argument: Vector | undefined, second?: Vector): void;
  /** Adds what slot `from` of `other` (of the same function) holds to slot `into`. */
  merge(into: number, other: AggregateState, from: number): void;
  /** Stores the result of a slot at `row` of a vector of the result type. */
  result(slot: number, out: Vector, row: number): void;
  /** Empties a slot. */
  clear(slot: number): void;
  /** Writes one slot; {@link AggregateState.load} reads it into an empty one. */
  save(slot: number, writer: StateWriter): void;
  load(slot: number, reader: StateReader): void;
}

/** Makes the state of one aggregate call. */
export type MakeAggregate = (
  argument: ValueType | undefined,
  result: ValueType,
  constants: readonly Value[],
) => AggregateState;

/** A copy of `data` with room for `capacity` values. */
export function grown(data: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(data);
  return larger;
}

/** The vector of a number argument. */
export function numbersOf(argument: Vector | undefined): NumberVector {
  assert(argument?.kind === 'number', 'the argument is a number');
  return argument;
}

/** The exact value of a whole number in a vector that is not null there. */
export function exactAt(vector: NumberVector, row: number): bigint {
  return vector.wide?.get(row) ?? BigInt(vector.data[row]!);
}

/** Order of two values of one type that are not null: negative, 0 or positive. NaN is the largest number. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'number' && Number.isNaN(a)) return typeof b === 'number' && Number.isNaN(b) ? 0 : 1;
  if (typeof b === 'number' && Number.isNaN(b)) return -1;
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
