import { RowError } from '../row-error.js';
import type { ScalarFunction } from './scalar-function.js';

type Num = number | bigint;

/** Half away from zero, on the decimal digits that a person sees: ROUND(1.005, 2) is 1.01. */
function roundDouble(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  const shifted = Number(`${shift(Math.abs(value), digits)}`);
  if (!Number.isFinite(shifted)) return value;
  // Adding 0 turns -0 into 0: ROUND(-1, -1) is a whole number, and these have one zero.
  return Math.sign(value) * Number(shift(Math.round(shifted), -digits)) + 0;
}

/** `value` times ten to the power of `digits`, as text, by moving the point only. */
function shift(value: number, digits: number): string {
  const [mantissa, exponent = '0'] = String(value).split('e');
  return String(Number(`${mantissa}e${Number(exponent) + digits}`));
}

/** Whole numbers that helpers make keep to 64 bits, as those of operators do. */
function fits64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new RowError('a whole number needs more than 64 bits');
  return value;
}

function roundInteger(value: bigint, digits: number): bigint {
  if (digits >= 0) return value;
  if (digits < -19) return 0n;
  const unit = 10n ** BigInt(-digits);
  const size = value < 0n ? -value : value;
  const rounded = ((size + unit / 2n) / unit) * unit;
  return fits64(value < 0n ? -rounded : rounded);
}

function defined(value: number, name: string): number {
  if (Number.isNaN(value)) throw new RowError(`${name} has no value for this number`);
  return value;
}

const MAX_DIGITS = 300;

function round(value: Num, digits: Num = 0): Num {
  const places = Math.max(-MAX_DIGITS, Math.min(MAX_DIGITS, Number(digits)));
  return typeof value === 'bigint' ? roundInteger(value, places) : roundDouble(value, places);
}

/** Behaviour of the functions on numbers. Double results that are no number reject the row. */
export const numericFunctions: Readonly<Record<string, ScalarFunction>> = {
  ABS: (value: Num) => (typeof value === 'bigint' ? (value < 0n ? fits64(-value) : value) : Math.abs(value)),
  FLOOR: (value: Num) => (typeof value === 'bigint' ? value : Math.floor(value)),
  CEIL: (value: Num) => (typeof value === 'bigint' ? value : Math.ceil(value)),
  ROUND: round,
  SIGN: (value: Num) => (typeof value === 'bigint' ? (value > 0n ? 1 : value < 0n ? -1 : 0) : Math.sign(value)),
  SQRT: (value: Num) => defined(Math.sqrt(Number(value)), 'SQRT'),
  LN: (value: Num) => defined(Math.log(Number(value)), 'LN'),
  EXP: (value: Num) => Math.exp(Number(value)),
  LOG10: (value: Num) => defined(Math.log10(Number(value)), 'LOG10'),
  LOG2: (value: Num) => defined(Math.log2(Number(value)), 'LOG2'),
  SIN: (value: Num) => Math.sin(Number(value)),
  COS: (value: Num) => Math.cos(Number(value)),
  TAN: (value: Num) => Math.tan(Number(value)),
  ASIN: (value: Num) => defined(Math.asin(Number(value)), 'ASIN'),
  ACOS: (value: Num) => defined(Math.acos(Number(value)), 'ACOS'),
  ATAN: (value: Num) => Math.atan(Number(value)),
  ATAN2: (y: Num, x: Num) => Math.atan2(Number(y), Number(x)),
  RADIANS: (value: Num) => (Number(value) / 180) * Math.PI,
  DEGREES: (value: Num) => (Number(value) * 180) / Math.PI,
  POWER: (base: Num, exponent: Num) => defined(Number(base) ** Number(exponent), 'POWER'),
};
