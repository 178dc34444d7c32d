import { setValue, type Vector } from '../../base/row-batch.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, grown, numbersOf } from './aggregate-state.js';

const FIELDS = 6;
const [COUNT, MEAN_A, MEAN_B, SQUARES_A, SQUARES_B, PRODUCTS] = [0, 1, 2, 3, 4, 5] as const;

/** Correlation of sums of squares and products of the distances from the means; null when a side never changes. */
export function correlationOf(count: number, squaresA: number, squaresB: number, products: number): number | null {
  if (count < 2 || squaresA === 0 || squaresB === 0) return null;
  return Math.max(-1, Math.min(1, products / Math.sqrt(squaresA) / Math.sqrt(squaresB)));
}

/** Covariance of sums of products of the distances from the means. @param missing 1 for samples, 0 for populations. */
export function covarianceOf(missing: 0 | 1): PairResult {
  return (count, _, __, products) => (count - missing <= 0 ? null : products / (count - missing));
}

/** What comes out of a number of pairs and the sums of their squares and products, as distances from the means. */
export type PairResult = typeof correlationOf;

/** CORR and COVAR by Welford's method for two columns; two states merge by Chan's formula. State: count, means, squares, products. */
export class CorrelationState implements AggregateState {
  readonly #result: PairResult;
  #data = new Float64Array(0);

  constructor(result: PairResult = correlationOf) {
    this.#result = result;
  }

  resize(capacity: number): void {
    this.#data = grown(this.#data, capacity * FIELDS);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined, second?: Vector): void {
    const a = numbersOf(argument);
    const b = numbersOf(second);
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (a.nulls[row] !== 0 || b.nulls[row] !== 0) continue;
      this.#merge(slots[k]! * FIELDS, [1, a.data[row]!, b.data[row]!, 0, 0, 0], 0);
    }
  }

  merge(into: number, other: CorrelationState, from: number): void {
    this.#merge(into * FIELDS, other.#data, from * FIELDS);
  }

  #merge(at: number, other: ArrayLike<number>, from: number): void {
    const data = this.#data;
    const right = other[from + COUNT]!;
    if (right === 0) return;
    const left = data[at + COUNT]!;
    const n = left + right;
    const a = other[from + MEAN_A]! - data[at + MEAN_A]!;
    const b = other[from + MEAN_B]! - data[at + MEAN_B]!;
    const share = (left * right) / n;
    data[at + COUNT] = n;
    data[at + MEAN_A]! += (a * right) / n;
    data[at + MEAN_B]! += (b * right) / n;
    data[at + SQUARES_A]! += other[from + SQUARES_A]! + a * a * share;
    data[at + SQUARES_B]! += other[from + SQUARES_B]! + b * b * share;
    data[at + PRODUCTS]! += other[from + PRODUCTS]! + a * b * share;
  }

  result(slot: number, out: Vector, row: number): void {
    const at = slot * FIELDS;
    const data = this.#data;
    const value = this.#result(data[at]!, data[at + SQUARES_A]!, data[at + SQUARES_B]!, data[at + PRODUCTS]!);
    setValue(out, row, value);
  }

  clear(slot: number): void {
    this.#data.fill(0, slot * FIELDS, (slot + 1) * FIELDS);
  }

  save(slot: number, writer: StateWriter): void {
    for (let field = 0; field < FIELDS; field++) writer.number(this.#data[slot * FIELDS + field]!);
  }

  load(slot: number, reader: StateReader): void {
    for (let field = 0; field < FIELDS; field++) this.#data[slot * FIELDS + field] = reader.number();
  }
}
