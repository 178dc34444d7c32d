import type { StateReader } from '../../state/state-reader.js';
import type { StateWriter } from '../../state/state-writer.js';

const view = new DataView(new ArrayBuffer(8));
const FRACTION = (1n << 52n) - 1n;
/** Bits that a double cannot hold more of, with some to spare for rounding. */
const KEPT_BITS = 80;

/** A number without rounding: `mantissa * 2 ** exponent`. */
export interface Exact {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The exact value of a finite double. */
export function exactDouble(value: number): Exact {
  if (Number.isSafeInteger(value)) return { mantissa: BigInt(value), exponent: 0 };
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & FRACTION;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent: Math.max(biased, 1) - 1075 };
}

/** The double that is nearest. */
export function nearestDouble({ mantissa, exponent }: Exact): number {
  let digits = mantissa;
  let power = exponent;
  const size = digits < 0n ? -digits : digits;
  const extra = size.toString(16).length * 4 - KEPT_BITS;
  if (extra > 0) {
    const kept = size >> BigInt(extra);
    // What is cut off only decides whether the value is exactly halfway between two doubles.
    const rest = kept << BigInt(extra) === size ? 0n : 1n;
    digits = (kept << 1n) | rest;
    if (mantissa < 0n) digits = -digits;
    power += extra - 1;
  }
  const number = Number(digits);
  if (power > 900) return number * 2 ** 900 * 2 ** (power - 900);
  if (power < -1000) return number * 2 ** Math.max(power + 1000, -1074) * 2 ** -1000;
  return number * 2 ** power;
}

/** `a + b` */
export function plus(a: Exact, b: Exact): Exact {
  if (a.exponent === b.exponent) return { mantissa: a.mantissa + b.mantissa, exponent: a.exponent };
  const [low, high] = a.exponent < b.exponent ? [a, b] : [b, a];
  const mantissa = low.mantissa + (high.mantissa << BigInt(high.exponent - low.exponent));
  return { mantissa, exponent: mantissa === 0n ? 0 : low.exponent };
}

/** `a * b` */
export function times(a: Exact, b: Exact): Exact {
  return { mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
}

/** `-a` */
export function minus(a: Exact): Exact {
  return { mantissa: -a.mantissa, exponent: a.exponent };
}

/** Zero. */
export const ZERO: Exact = { mantissa: 0n, exponent: 0 };

/** A sum to which numbers are added and from which they are taken, in any order, without rounding. State: the sum and counts. */
export class ExactSum {
  #sum: Exact = ZERO;
  /** Values that are no finite number. */
  #notANumber = 0;
  #plusInfinity = 0;
  #minusInfinity = 0;

  /** The finite part. */
  get exact(): Exact {
    return this.#sum;
  }

  /** Whether there is a value that is no finite number. */
  get special(): boolean {
    return this.#notANumber + this.#plusInfinity + this.#minusInfinity > 0;
  }

  /** Adds (1) or takes away (-1) a double. */
  take(value: number, sign: number): void {
    if (Number.isFinite(value)) this.takeExact(exactDouble(value), sign);
    else if (value > 0) this.#plusInfinity += sign;
    else if (value < 0) this.#minusInfinity += sign;
    else this.#notANumber += sign;
  }

  /** Adds or takes away an exact number. */
  takeExact(value: Exact, sign: number): void {
    this.#sum = plus(this.#sum, sign > 0 ? value : minus(value));
  }

  /** Adds another sum. */
  merge(other: ExactSum): void {
    this.#sum = plus(this.#sum, other.#sum);
    this.#notANumber += other.#notANumber;
    this.#plusInfinity += other.#plusInfinity;
    this.#minusInfinity += other.#minusInfinity;
  }

  /** The sum, rounded once. */
  get value(): number {
    if (this.#notANumber > 0 || (this.#plusInfinity > 0 && this.#minusInfinity > 0)) return Number.NaN;
    if (this.#plusInfinity > 0) return Number.POSITIVE_INFINITY;
    if (this.#minusInfinity > 0) return Number.NEGATIVE_INFINITY;
    return nearestDouble(this.#sum);
  }

  /** Writes the sum. */
  save(writer: StateWriter): void {
    writer.value(this.#sum.mantissa);
    writer.number(this.#sum.exponent);
    for (const count of [this.#notANumber, this.#plusInfinity, this.#minusInfinity]) writer.count(count);
  }

  /** Reads what {@link ExactSum.save} wrote. */
  load(reader: StateReader): void {
    const mantissa = BigInt(reader.value() as bigint);
    this.#sum = { mantissa, exponent: reader.number() };
    this.#notANumber = reader.count();
    this.#plusInfinity = reader.count();
    this.#minusInfinity = reader.count();
  }
}
