import { setNumber, setValue, type Vector } from '../../base/row-batch.js';
import { integerValue } from '../../plan/typed.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { type AggregateRows, type AggregateState, exactAt, grown, numbersOf } from './aggregate-state.js';

/**
 * Sums of doubles with Neumaier's compensation, and how many values went into each.
 * State: sum, lost low part, count. Shared by SUM and AVG.
 */
export abstract class CompensatedSums implements AggregateState {
  #sums = new Float64Array(0);
  #lost = new Float64Array(0);
  #counts = new Float64Array(0);

  resize(capacity: number): void {
    this.#sums = grown(this.#sums, capacity);
    this.#lost = grown(this.#lost, capacity);
    this.#counts = grown(this.#counts, capacity);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    const { data, nulls } = numbersOf(argument);
    const sums = this.#sums;
    const lost = this.#lost;
    const counts = this.#counts;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (nulls[row] !== 0) continue;
      const slot = slots[k]!;
      const value = data[row]!;
      const sum = sums[slot]!;
      const next = sum + value;
      lost[slot]! += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sums[slot] = next;
      counts[slot]! += 1;
    }
  }

  merge(into: number, other: CompensatedSums, from: number): void {
    const sum = this.#sums[into]!;
    const value = other.#sums[from]!;
    const next = sum + value;
    const low = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    this.#lost[into]! += low + other.#lost[from]!;
    this.#sums[into] = next;
    this.#counts[into]! += other.#counts[from]!;
  }

  abstract result(slot: number, out: Vector, row: number): void;

  /** Number of values in a slot. */
  count(slot: number): number {
    return this.#counts[slot]!;
  }

  /** Sum of a slot. Where it overflowed, the low part means nothing. */
  total(slot: number): number {
    const sum = this.#sums[slot]!;
    return Number.isFinite(sum) ? sum + this.#lost[slot]! : sum;
  }

  clear(slot: number): void {
    this.#sums[slot] = 0;
    this.#lost[slot] = 0;
    this.#counts[slot] = 0;
  }

  save(slot: number, writer: StateWriter): void {
    writer.number(this.#sums[slot]!);
    writer.number(this.#lost[slot]!);
    writer.count(this.#counts[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#sums[slot] = reader.number();
    this.#lost[slot] = reader.number();
    this.#counts[slot] = reader.count();
  }
}

/** SUM of doubles: compensated; null when there was no value. */
export class DoubleSumState extends CompensatedSums {
  override result(slot: number, out: Vector, row: number): void {
    if (this.count(slot) === 0) setValue(out, row, null);
    else setNumber(out, row, this.total(slot));
  }
}

/**
 * SUM of whole numbers, exact. State: a double that stays a safe integer, a bigint for what was carried out of
 * it (only for slots that needed one), and the count.
 */
export class IntegerSumState implements AggregateState {
  #sums = new Float64Array(0);
  #counts = new Float64Array(0);
  readonly #carried = new Map<number, bigint>();

  resize(capacity: number): void {
    this.#sums = grown(this.#sums, capacity);
    this.#counts = grown(this.#counts, capacity);
  }

  add({ rows, slots, count }: AggregateRows, argument: Vector | undefined): void {
    const vector = numbersOf(argument);
    const { data, nulls, wide } = vector;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (nulls[row] !== 0) continue;
      const slot = slots[k]!;
      this.#counts[slot]! += 1;
      const next = this.#sums[slot]! + data[row]!;
      if (Number.isSafeInteger(next) && !wide?.has(row)) this.#sums[slot] = next;
      else this.#carry(slot, exactAt(vector, row));
    }
  }

  #carry(slot: number, value: bigint): void {
    this.#carried.set(slot, (this.#carried.get(slot) ?? 0n) + BigInt(this.#sums[slot]!) + value);
    this.#sums[slot] = 0;
  }

  #total(slot: number): bigint {
    return (this.#carried.get(slot) ?? 0n) + BigInt(this.#sums[slot]!);
  }

  merge(into: number, other: IntegerSumState, from: number): void {
    this.#counts[into]! += other.#counts[from]!;
    const next = this.#sums[into]! + other.#sums[from]!;
    if (Number.isSafeInteger(next) && !other.#carried.has(from)) this.#sums[into] = next;
    else this.#carry(into, other.#total(from));
  }

  result(slot: number, out: Vector, row: number): void {
    setValue(out, row, this.#counts[slot] === 0 ? null : integerValue(this.#total(slot)));
  }

  clear(slot: number): void {
    this.#sums[slot] = 0;
    this.#counts[slot] = 0;
    this.#carried.delete(slot);
  }

  save(slot: number, writer: StateWriter): void {
    writer.value(integerValue(this.#total(slot)));
    writer.count(this.#counts[slot]!);
  }

  load(slot: number, reader: StateReader): void {
    this.#carry(slot, BigInt(reader.value() as number | bigint));
    this.#counts[slot] = reader.count();
  }
}
