import { asciiText, WORD_BYTES } from './json-words.js';

const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);
/** Whole numbers of so many digits are exact doubles. */
const EXACT_DIGITS = 15;

/** What {@link readNumber} found. One object is used again and again. */
export interface NumberResult {
  /** Position after the number; -1 when there is none by JSON's grammar. */
  end: number;
  value: number;
  /** No point and no exponent. */
  whole: boolean;
  /** Digits before the point. */
  digits: number;
}

const ZERO = 0x30;
const MINUS = 0x2d - ZERO;
const POINT = 0x2e - ZERO;
const EXPONENT = 0x65 - ZERO;
/** So many digits fit into 32 bits, where counting is quick. */
const HEAD_DIGITS = 9;

/**
 * Stores the JSON number at `start` at `row` of `data`, where it has at most 15 digits and no exponent: then it is exact by one
 * division.
 * @param view of `bytes`.
 * @returns the position after it; -1, with nothing stored, for any other number and what is none.
 */
export function storeDecimal(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  data: Float64Array,
  row: number,
): number {
  let at = start;
  let digit = bytes[at]! - ZERO;
  const negative = digit === MINUS;
  if (negative) digit = bytes[++at]! - ZERO;
  const first = at;
  let point = -1;
  let digits = 0;
  let head = 0;
  let tail = 0;
  const last = Math.min(bytes.length - WORD_BYTES, first + WORD_BYTES);
  while (at <= last) {
    const word = view.getInt32(at, true) ^ 0x30303030;
    // Digits are 0 to 9 now: with 0x76 more they have their highest bit free, all others have not, now or before.
    if ((((word + 0x76767676) | word) & 0x80808080) !== 0) break;
    const pairs = word * 10 + (word >>> 8);
    head = (head * 10_000 + (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff)) | 0;
    digits += WORD_BYTES;
    at += WORD_BYTES;
  }
  if (digits > 0) digit = bytes[at]! - ZERO;
  for (; ; digit = bytes[++at]! - ZERO) {
    if (digit >= 0 && digit <= 9) {
      if (digits < HEAD_DIGITS) head = (head * 10 + digit) | 0;
      else tail = (tail * 10 + digit) | 0;
      digits++;
    } else if (digit === POINT && point < 0) point = at;
    else break;
  }
  const whole = (point < 0 ? at : point) - first;
  const fraction = digits - whole;
  if (whole === 0 || digits > EXACT_DIGITS || (digit | 0x20) === EXPONENT) return -1;
  if ((whole > 1 && bytes[first] === ZERO) || (point >= 0 && fraction === 0)) return -1;
  let value = digits <= HEAD_DIGITS ? head : head * POWERS[digits - HEAD_DIGITS]! + tail;
  if (fraction > 0) value /= POWERS[fraction]!;
  data[row] = negative ? -value : value;
  return at;
}

/**
 * Reads the JSON number at `start`. Exact: up to 15 digits and small exponents by one division, else by the language.
 * @see Clinger, "How to read floating point numbers accurately" (1990)
 */
export function readNumber(bytes: Uint8Array, start: number, result: NumberResult): void {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  const first = at;
  let mantissa = 0;
  let byte = bytes[at]!;
  while (byte >= 0x30 && byte <= 0x39) {
    mantissa = mantissa * 10 + (byte - 0x30);
    byte = bytes[++at]!;
  }
  let digits = at - first;
  result.end = -1;
  result.digits = digits;
  if (digits === 0 || (digits > 1 && bytes[first] === 0x30)) return;
  let fraction = 0;
  result.whole = true;
  if (byte === 0x2e) {
    const point = at;
    byte = bytes[++at]!;
    while (byte >= 0x30 && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - 0x30);
      byte = bytes[++at]!;
    }
    fraction = at - point - 1;
    if (fraction === 0) return;
    digits += fraction;
    result.whole = false;
  }
  if ((byte | 0x20) === 0x65) {
    readExponent(bytes, start, at, result);
    return;
  }
  result.end = at;
  if (digits <= EXACT_DIGITS) {
    const value = fraction === 0 ? mantissa : mantissa / POWERS[fraction]!;
    result.value = negative ? -value : value;
  } else result.value = slowNumber(bytes, start, at);
}

function readExponent(bytes: Uint8Array, start: number, mark: number, result: NumberResult): void {
  let at = mark + 1;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
  const first = at;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  if (at === first) return;
  result.whole = false;
  result.end = at;
  result.value = slowNumber(bytes, start, at);
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  return Number(asciiText(bytes, start, end));
}
