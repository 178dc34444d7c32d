import { makeVector, setValue, type Value, type ValueType, type Vector, valueAt } from '../../../base/row-batch.js';
import type { StateReader } from '../../state/state-reader.js';
import type { StateWriter } from '../../state/state-writer.js';
import { type AggregateRows, type AggregateState, compareValues } from '../aggregate-state.js';
import { type BagBudget, SortedBag } from './sorted-bag.js';

/** A value and when it was. */
interface Dated {
  readonly time: number;
  readonly value: Value;
}

/** Aggregates that need every value, for tables whose rows are taken back. State per group: a {@link SortedBag}. */
abstract class BagState implements AggregateState {
  readonly #type: ValueType;
  readonly #compare: (a: Dated, b: Dated) => number;
  readonly #dated: boolean;
  readonly #budget: BagBudget = { used: 0 };
  readonly #bags: SortedBag<Dated>[] = [];

  /** @param dated whether equal values of different times are different. */
  constructor(type: ValueType, dated: boolean, compare: (a: Dated, b: Dated) => number) {
    this.#type = type;
    this.#dated = dated;
    this.#compare = compare;
  }

  #fresh(): SortedBag<Dated> {
    const nameOf = this.#dated
      ? ({ time, value }: Dated): string => `${time} ${String(value)}`
      : ({ value }: Dated): Value => value;
    return new SortedBag(this.#compare, nameOf, this.#budget);
  }

  resize(capacity: number): void {
    while (this.#bags.length < capacity) this.#bags.push(this.#fresh());
  }

  add({ rows, slots, count, times, signs }: AggregateRows, argument: Vector | undefined): void {
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const value = valueAt(argument!, this.#type, row);
      if (value === null) continue;
      const bag = this.#bags[slots[k]!]!;
      const item = { time: this.#dated ? times[row]! : 0, value };
      if (signs && signs[row]! < 0) bag.remove(item);
      else bag.add(item);
    }
  }

  merge(into: number, other: BagState, from: number): void {
    for (const { item, count } of other.#bags[from]!.entries()) this.#bags[into]!.add(item, count);
  }

  result(slot: number, out: Vector, row: number): void {
    this.resultOf(this.#bags[slot]!, out, row);
  }

  /** Stores the result of one group. */
  protected abstract resultOf(bag: SortedBag<Dated>, out: Vector, row: number): void;

  clear(slot: number): void {
    this.#bags[slot]!.clear();
  }

  save(slot: number, writer: StateWriter): void {
    const bag = this.#bags[slot]!;
    writer.count(bag.size);
    for (const { item, count } of bag.entries()) {
      writer.number(item.time);
      writer.value(item.value);
      writer.count(count);
    }
  }

  load(slot: number, reader: StateReader): void {
    for (let left = reader.length(); left > 0; left--) {
      const time = reader.number();
      const value = reader.value();
      this.#bags[slot]!.add({ time, value }, reader.count());
    }
  }
}

/** MIN, MAX, FIRST_VALUE and LAST_VALUE: the first of a group's values in order. */
export class RetractingFirst extends BagState {
  protected override resultOf(bag: SortedBag<Dated>, out: Vector, row: number): void {
    setValue(out, row, bag.first()?.value ?? null);
  }
}

/** MIN or MAX. */
export function retractingExtreme(type: ValueType, largest: boolean): AggregateState {
  const direction = largest ? -1 : 1;
  return new RetractingFirst(type, false, (a, b) => direction * compareValues(a.value, b.value));
}

/** FIRST_VALUE or LAST_VALUE by event time; of equal times the smaller (first) or larger (last) value. */
export function retractingFirstLast(type: ValueType, latest: boolean): AggregateState {
  const direction = latest ? -1 : 1;
  return new RetractingFirst(type, true, (a, b) => direction * (a.time - b.time || compareValues(a.value, b.value)));
}

/** An aggregate over the different values of its argument. */
export class RetractingDistinct extends BagState {
  readonly #argument: ValueType;
  readonly #inner: AggregateState;

  /** @param inner state of the function itself, used for one group at a time. */
  constructor(type: ValueType, inner: AggregateState) {
    super(type, false, (a, b) => compareValues(a.value, b.value));
    this.#argument = type;
    this.#inner = inner;
    inner.resize(1);
  }

  protected override resultOf(bag: SortedBag<Dated>, out: Vector, row: number): void {
    const values = [...bag.entries()].map(({ item }) => item.value).sort(compareValues);
    const argument = makeVector(this.#argument, values.length);
    values.forEach((value, index) => {
      setValue(argument, index, value);
    });
    const rows = Int32Array.from(values, (_, index) => index);
    const count = values.length;
    this.#inner.add({ rows, slots: new Int32Array(count), count, times: new Float64Array(count) }, argument);
    this.#inner.result(0, out, row);
    this.#inner.clear(0);
  }
}
