import type { Vector } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, grown, numbersOf } from './aggregate-state.js';

/** COUNT(*) and COUNT(x). State: one number. */
export class CountState implements AggregateState {
  #counts = new Float64Array(0);

  resize(capacity: number): void {
    this.#counts = grown(this.#counts, capacity);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    const counts = this.#counts;
    if (argument === undefined) {
      for (let k = 0; k < count; k++) counts[slots[k]!]! += 1;
    } else if (argument.kind === 'number') {
      const { nulls } = argument;
      for (let k = 0; k < count; k++) if (nulls[rows[k]!] === 0) counts[slots[k]!]! += 1;
    } else {
      const { data } = argument;
      for (let k = 0; k < count; k++) if ((data[rows[k]!] ?? null) !== null) counts[slots[k]!]! += 1;
    }
  }

  merge(into: number, other: CountState, from: number): void {
    this.#counts[into]! += other.#counts[from]!;
  }

  result(slot: number, out: Vector, row: number): void {
    numbersOf(out).data[row] = this.#counts[slot]!;
  }

  clear(slot: number): void {
    this.#counts[slot] = 0;
  }

  save(slot: number, writer: StateWriter): void {
    writer.count(this.#counts[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#counts[slot] = reader.count();
  }
}
