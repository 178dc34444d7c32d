import { setNumber, setValue, type Vector } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, grown, numbersOf } from './aggregate-state.js';

/** Which of the four measures of spread a {@link SpreadState} gives. */
export interface Spread {
  /** 1 for samples, 0 for populations: what is taken from n before dividing. */
  readonly missing: 0 | 1;
  readonly root: boolean;
}

/**
 * Variance and standard deviation by Welford's method; two states merge by Chan's formula.
 * State: count, mean, sum of squared distances from the mean.
 */
export class SpreadState implements AggregateState {
  readonly #spread: Spread;
  #counts = new Float64Array(0);
  #means = new Float64Array(0);
  #squares = new Float64Array(0);

  constructor(spread: Spread) {
    this.#spread = spread;
  }

  resize(capacity: number): void {
    this.#counts = grown(this.#counts, capacity);
    this.#means = grown(this.#means, capacity);
    this.#squares = grown(this.#squares, capacity);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    const { data, nulls } = numbersOf(argument);
    const counts = this.#counts;
    const means = this.#means;
    const squares = this.#squares;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (nulls[row] !== 0) continue;
      const slot = slots[k]!;
      const value = data[row]!;
      const n = counts[slot]! + 1;
      const distance = value - means[slot]!;
      const mean = means[slot]! + distance / n;
      counts[slot] = n;
      means[slot] = mean;
      squares[slot]! += distance * (value - mean);
    }
  }

  merge(into: number, other: SpreadState, from: number): void {
    const right = other.#counts[from]!;
    if (right === 0) return;
    const left = this.#counts[into]!;
    const n = left + right;
    const distance = other.#means[from]! - this.#means[into]!;
    this.#counts[into] = n;
    this.#means[into]! += (distance * right) / n;
    this.#squares[into]! += other.#squares[from]! + (distance * distance * left * right) / n;
  }

  result(slot: number, out: Vector, row: number): void {
    const divisor = this.#counts[slot]! - this.#spread.missing;
    if (divisor <= 0) {
      setValue(out, row, null);
      return;
    }
    const variance = Math.max(0, this.#squares[slot]! / divisor);
    setNumber(out, row, this.#spread.root ? Math.sqrt(variance) : variance);
  }

  clear(slot: number): void {
    this.#counts[slot] = 0;
    this.#means[slot] = 0;
    this.#squares[slot] = 0;
  }

  save(slot: number, writer: StateWriter): void {
    writer.count(this.#counts[slot]!);
    writer.number(this.#means[slot]!);
    writer.number(this.#squares[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#counts[slot] = reader.count();
    this.#means[slot] = reader.number();
    this.#squares[slot] = reader.number();
  }
}
