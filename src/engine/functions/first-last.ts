import { setValue, type Value, type ValueType, type Vector, valueAt } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, compareValues, grown } from './aggregate-state.js';

/**
 * FIRST_VALUE and LAST_VALUE by event time; of equal times the smaller (first) or larger (last) value, so that
 * the order of arrival does not matter. State: time and value.
 */
export class FirstLastState implements AggregateState {
  readonly #type: ValueType;
  /** 1: the latest is wanted, -1: the earliest. */
  readonly #direction: 1 | -1;
  #times = new Float64Array(0);
  #values: Value[] = [];

  constructor(type: ValueType, latest: boolean) {
    this.#type = type;
    this.#direction = latest ? 1 : -1;
  }

  resize(capacity: number): void {
    this.#times = grown(this.#times, capacity);
    while (this.#values.length < capacity) this.#values.push(null);
  }

  add({ rows, slots, count, times }: AggregateRows, argument: Vector | undefined): void {
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const slot = slots[k]!;
      const time = times[row]!;
      // Most rows are neither first nor last: look at the value only when the time does not decide.
      const behind = this.#values[slot] !== null && (time - this.#times[slot]!) * this.#direction < 0;
      if (!behind) this.#offer(slot, time, valueAt(argument!, this.#type, row));
    }
  }

  #offer(slot: number, time: number, value: Value): void {
    if (value === null) return;
    const known = this.#values[slot]!;
    if (known !== null) {
      const order = (time - this.#times[slot]!) * this.#direction;
      if (order < 0 || (order === 0 && compareValues(value, known) * this.#direction <= 0)) return;
    }
    this.#times[slot] = time;
    this.#values[slot] = value;
  }

  merge(into: number, other: FirstLastState, from: number): void {
    this.#offer(into, other.#times[from]!, other.#values[from]!);
  }

  result(slot: number, out: Vector, row: number): void {
    setValue(out, row, this.#values[slot]!);
  }

  clear(slot: number): void {
    this.#times[slot] = 0;
    this.#values[slot] = null;
  }

  save(slot: number, writer: StateWriter): void {
    writer.number(this.#times[slot]!);
    writer.value(this.#values[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#times[slot] = reader.number();
    this.#values[slot] = reader.value();
  }
}
