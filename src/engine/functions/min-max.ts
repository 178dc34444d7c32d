import { setNumber, setValue, type Value, type Vector } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, compareValues, grown, numbersOf } from './aggregate-state.js';

/** MIN or MAX of numbers, booleans and times. State: the value, whether there is one, its digits beyond 2^53. */
export class NumberExtremeState implements AggregateState {
  readonly #largest: boolean;
  readonly #boolean: boolean;
  #values = new Float64Array(0);
  #known = new Float64Array(0);
  readonly #wide = new Map<number, bigint>();

  constructor(largest: boolean, isBoolean: boolean) {
    this.#largest = largest;
    this.#boolean = isBoolean;
  }

  resize(capacity: number): void {
    this.#values = grown(this.#values, capacity);
    this.#known = grown(this.#known, capacity);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    const { data, nulls, wide } = numbersOf(argument);
    const values = this.#values;
    const known = this.#known;
    const largest = this.#largest;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (nulls[row] !== 0) continue;
      const slot = slots[k]!;
      const value = data[row]!;
      const best = values[slot]!;
      if (known[slot] !== 0 && (largest ? value < best : value > best)) continue;
      // A double decides unless both round to the same one; NaN counts as the largest number.
      if (known[slot] === 0 || (largest ? value > best : value < best)) {
        values[slot] = value;
        known[slot] = 1;
        if (wide !== undefined || this.#wide.size > 0) this.#setWide(slot, wide?.get(row));
      } else this.#tie(slot, value, wide?.get(row));
    }
  }

  #setWide(slot: number, exact: bigint | undefined): void {
    if (exact === undefined) this.#wide.delete(slot);
    else this.#wide.set(slot, exact);
  }

  #tie(slot: number, value: number, exact: bigint | undefined): void {
    const best = this.#values[slot]!;
    const order =
      value === best
        ? compareValues(
            exact ?? BigInt(Number.isInteger(value) ? value : 0),
            this.#wide.get(slot) ?? BigInt(Number.isInteger(best) ? best : 0),
          )
        : compareValues(value, best);
    if (order === 0 || order > 0 !== this.#largest) return;
    this.#values[slot] = value;
    this.#setWide(slot, exact);
  }

  merge(into: number, other: NumberExtremeState, from: number): void {
    if (other.#known[from] === 0) return;
    const value = other.#values[from]!;
    const exact = other.#wide.get(from);
    if (this.#known[into] === 0) {
      this.#values[into] = value;
      this.#known[into] = 1;
      this.#setWide(into, exact);
      return;
    }
    const order = compareValues(value, this.#values[into]!);
    if (order === 0) this.#tie(into, value, exact);
    else if (order > 0 === this.#largest) {
      this.#values[into] = value;
      this.#setWide(into, exact);
    }
  }

  result(slot: number, out: Vector, row: number): void {
    if (this.#known[slot] === 0) setValue(out, row, null);
    else if (this.#boolean) setValue(out, row, this.#values[slot] !== 0);
    else if (this.#wide.has(slot)) setValue(out, row, this.#wide.get(slot)!);
    else setNumber(out, row, this.#values[slot]!);
  }

  clear(slot: number): void {
    this.#values[slot] = 0;
    this.#known[slot] = 0;
    if (this.#wide.size > 0) this.#wide.delete(slot);
  }

  save(slot: number, writer: StateWriter): void {
    writer.value(this.#known[slot] === 0 ? null : (this.#wide.get(slot) ?? this.#values[slot]!));
  }

  load(slot: number, reader: StateReader): void {
    const value = reader.value();
    if (value === null) return;
    this.#known[slot] = 1;
    this.#values[slot] = Number(value);
    if (typeof value === 'bigint') this.#wide.set(slot, value);
  }
}

/** MIN or MAX of texts, by their UTF-16 units. State: the text or null. */
export class TextExtremeState implements AggregateState {
  readonly #largest: boolean;
  #values: (string | null)[] = [];

  constructor(largest: boolean) {
    this.#largest = largest;
  }

  resize(capacity: number): void {
    while (this.#values.length < capacity) this.#values.push(null);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    for (let k = 0; k < count; k++) this.#offer(slots[k]!, (argument!.data[rows[k]!] ?? null) as string | null);
  }

  #offer(slot: number, value: string | null): void {
    if (value === null) return;
    const best = this.#values[slot]!;
    if (best === null || (this.#largest ? value > best : value < best)) this.#values[slot] = value;
  }

  merge(into: number, other: TextExtremeState, from: number): void {
    this.#offer(into, other.#values[from]!);
  }

  result(slot: number, out: Vector, row: number): void {
    setValue(out, row, this.#values[slot]!);
  }

  clear(slot: number): void {
    this.#values[slot] = null;
  }

  save(slot: number, writer: StateWriter): void {
    writer.value(this.#values[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#values[slot] = reader.value() as string | null;
  }
}

/** MIN or MAX for arguments of `type`. */
export function extremeState(largest: boolean, type: Value): AggregateState {
  return type === 'string' ? new TextExtremeState(largest) : new NumberExtremeState(largest, type === 'boolean');
}
