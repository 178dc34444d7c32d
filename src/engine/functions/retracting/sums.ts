import { setValue, type Vector } from '../../../base/row-batch.js';
import { integerValue } from '../../../plan/typed.js';
import type { StateReader } from '../../state/state-reader.js';
import type { StateWriter } from '../../state/state-writer.js';
import { type AggregateRows, type AggregateState, exactAt, numbersOf } from '../aggregate-state.js';
import { correlationOf, type PairResult } from '../correlation.js';
import type { Spread } from '../variance.js';
import { type Exact, ExactSum, exactDouble, minus, nearestDouble, plus, times } from './exact-number.js';

/** Counts and exact sums of one group. */
interface Totals {
  count: number;
  readonly sums: readonly ExactSum[];
}

/** Aggregates made of a count and sums, for tables whose rows are taken back. State per group: the count and exact sums. */
abstract class TotalsState implements AggregateState {
  readonly #sums: number;
  readonly #totals: Totals[] = [];

  constructor(sums: number) {
    this.#sums = sums;
  }

  #fresh(): Totals {
    return { count: 0, sums: Array.from({ length: this.#sums }, () => new ExactSum()) };
  }

  resize(capacity: number): void {
    while (this.#totals.length < capacity) this.#totals.push(this.#fresh());
  }

  add({ rows, slots, count, signs }: AggregateRows, ...columns: readonly (Vector | undefined)[]): void {
    const vectors = columns.filter((column) => column !== undefined);
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (vectors.some((vector) => isNull(vector, row))) continue;
      const sign = signs ? signs[row]! : 1;
      const totals = this.#totals[slots[k]!]!;
      totals.count += sign;
      this.take(totals.sums, vectors, row, sign);
    }
  }

  /** Adds or takes away the values of a row, none of which is null. */
  protected abstract take(sums: readonly ExactSum[], columns: readonly Vector[], row: number, sign: number): void;

  /** The result of a group; null when it has no value. */
  protected abstract valueOf(count: number, sums: readonly ExactSum[]): number | bigint | null;

  merge(into: number, other: TotalsState, from: number): void {
    const source = other.#totals[from]!;
    this.#totals[into]!.count += source.count;
    this.#totals[into]!.sums.forEach((sum, at) => {
      sum.merge(source.sums[at]!);
    });
  }

  result(slot: number, out: Vector, row: number): void {
    const { count, sums } = this.#totals[slot]!;
    setValue(out, row, this.valueOf(count, sums));
  }

  clear(slot: number): void {
    this.#totals[slot] = this.#fresh();
  }

  save(slot: number, writer: StateWriter): void {
    writer.count(this.#totals[slot]!.count);
    for (const sum of this.#totals[slot]!.sums) sum.save(writer);
  }

  load(slot: number, reader: StateReader): void {
    this.#totals[slot]!.count = reader.count();
    for (const sum of this.#totals[slot]!.sums) sum.load(reader);
  }
}

function isNull(vector: Vector, row: number): boolean {
  return vector.kind === 'number' ? vector.nulls[row] !== 0 : (vector.data[row] ?? null) === null;
}

/** COUNT of rows or values. */
export class RetractingCount extends TotalsState {
  constructor() {
    super(0);
  }

  protected override take(): void {}

  protected override valueOf(count: number): number {
    return count;
  }
}

/** SUM of doubles or whole numbers: exact; null when there is no value. */
export class RetractingSum extends TotalsState {
  readonly #whole: boolean;

  constructor(whole: boolean) {
    super(1);
    this.#whole = whole;
  }

  protected override take([sum]: readonly ExactSum[], [column]: readonly Vector[], row: number, sign: number): void {
    const vector = numbersOf(column);
    if (this.#whole) sum!.takeExact({ mantissa: exactAt(vector, row), exponent: 0 }, sign);
    else sum!.take(vector.data[row]!, sign);
  }

  protected override valueOf(count: number, [sum]: readonly ExactSum[]): number | bigint | null {
    if (count === 0) return null;
    return this.#whole ? integerValue(sum!.exact.mantissa) : sum!.value;
  }
}

/** AVG: exact sum over count; null when there is no value. */
export class RetractingAvg extends TotalsState {
  constructor() {
    super(1);
  }

  protected override take([sum]: readonly ExactSum[], [column]: readonly Vector[], row: number, sign: number): void {
    sum!.take(numbersOf(column).data[row]!, sign);
  }

  protected override valueOf(count: number, [sum]: readonly ExactSum[]): number | null {
    return count === 0 ? null : sum!.value / count;
  }
}

/** `count * squares - sum * other`: what spread and correlation are made of, without rounding. */
function scatter(count: number, products: ExactSum, one: ExactSum, other: ExactSum): Exact {
  const whole = times({ mantissa: BigInt(count), exponent: 0 }, products.exact);
  return plus(whole, minus(times(one.exact, other.exact)));
}

/** The four measures of spread, from exact sums of the values and of their squares. */
export class RetractingSpread extends TotalsState {
  readonly #spread: Spread;

  constructor(spread: Spread) {
    super(2);
    this.#spread = spread;
  }

  protected override take(
    [sum, squares]: readonly ExactSum[],
    [column]: readonly Vector[],
    row: number,
    sign: number,
  ): void {
    const value = numbersOf(column).data[row]!;
    sum!.take(value, sign);
    if (!Number.isFinite(value)) return;
    const exact = exactDouble(value);
    squares!.takeExact(times(exact, exact), sign);
  }

  protected override valueOf(count: number, [sum, squares]: readonly ExactSum[]): number | null {
    const divisor = count - this.#spread.missing;
    if (divisor <= 0) return null;
    if (sum!.special) return Number.NaN;
    const variance = nearestDouble(scatter(count, squares!, sum!, sum!)) / count / divisor;
    return this.#spread.root ? Math.sqrt(variance) : variance;
  }
}

/** CORR and COVAR, from exact sums of both sides, their squares and their products. */
export class RetractingCorrelation extends TotalsState {
  readonly #result: PairResult;

  constructor(result: PairResult = correlationOf) {
    super(5);
    this.#result = result;
  }

  protected override take(sums: readonly ExactSum[], columns: readonly Vector[], row: number, sign: number): void {
    const [a, b] = columns.map((column) => numbersOf(column).data[row]!);
    const [sumA, sumB, squaresA, squaresB, products] = sums;
    sumA!.take(a!, sign);
    sumB!.take(b!, sign);
    if (!Number.isFinite(a) || !Number.isFinite(b)) return;
    const [exactA, exactB] = [exactDouble(a!), exactDouble(b!)];
    squaresA!.takeExact(times(exactA, exactA), sign);
    squaresB!.takeExact(times(exactB, exactB), sign);
    products!.takeExact(times(exactA, exactB), sign);
  }

  protected override valueOf(count: number, sums: readonly ExactSum[]): number | null {
    const [sumA, sumB, squaresA, squaresB, products] = sums;
    if (sumA!.special || sumB!.special) return Number.NaN;
    return this.#result(
      count,
      nearestDouble(scatter(count, squaresA!, sumA!, sumA!)) / count,
      nearestDouble(scatter(count, squaresB!, sumB!, sumB!)) / count,
      nearestDouble(scatter(count, products!, sumA!, sumB!)) / count,
    );
  }
}
