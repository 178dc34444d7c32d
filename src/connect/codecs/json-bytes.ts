import { writeInteger } from '../../base/decimal-digits.js';

const HEX = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));

/** Short escapes by byte: 0 where JSON has none. */
const SHORT = new Uint8Array(128);
SHORT[0x22] = 0x22;
SHORT[0x5c] = 0x5c;
SHORT[0x08] = 0x62;
SHORT[0x0c] = 0x66;
SHORT[0x0a] = 0x6e;
SHORT[0x0d] = 0x72;
SHORT[0x09] = 0x74;

/** Writes the escape of a quote, backslash or control byte at `at`; returns the position after it. */
export function writeEscape(target: Uint8Array, at: number, byte: number): number {
  target[at] = 0x5c;
  const short = SHORT[byte]!;
  if (short !== 0) {
    target[at + 1] = short;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = 0x30;
  target[at + 3] = 0x30;
  target[at + 4] = HEX[byte >> 4]!;
  target[at + 5] = HEX[byte & 15]!;
  return at + 6;
}

/** Writes `null` at `at`; returns the position after it. */
export function writeNull(target: Uint8Array, at: number): number {
  target[at] = 0x6e;
  target[at + 1] = 0x75;
  target[at + 2] = 0x6c;
  target[at + 3] = 0x6c;
  return at + 4;
}

/** Most bytes of a number that {@link writeNumber} writes. */
export const MAX_NUMBER_BYTES = 32;
/** Digits behind the point that are tried before the language is asked: most prices, sizes and means of few have no more. */
const DECIMALS = 3;
const SCALE = 10 ** DECIMALS;
/** Decimals of 15 digits are each a double of their own, so one that gives the double is its shortest. */
const MAX_SCALED = 1e15;

/** Writes a number at `at` as `String` has it, `null` for what JSON has no number for; returns the position after it. */
export function writeNumber(target: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value)) return writeInteger(target, at, value);
  const size = Math.abs(value);
  const scaled = Math.round(size * SCALE);
  if (scaled < MAX_SCALED && scaled / SCALE === size) return writeDecimal(target, at, value < 0, scaled);
  if (!Number.isFinite(value)) return writeNull(target, at);
  const text = String(value);
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes `scaled` / {@link SCALE}, which is no whole number. */
function writeDecimal(target: Uint8Array, at: number, negative: boolean, scaled: number): number {
  const whole = Math.floor(scaled / SCALE);
  // Whole numbers by the processor's own.
  let fraction = (scaled - whole * SCALE) | 0;
  let digits = DECIMALS;
  for (let next = (fraction / 10) | 0; next * 10 === fraction; next = (fraction / 10) | 0) {
    fraction = next;
    digits--;
  }
  if (negative) target[at] = 0x2d;
  const point = writeInteger(target, negative ? at + 1 : at, whole);
  target[point] = 0x2e;
  for (let place = point + digits; place > point; place--) {
    const next = (fraction / 10) | 0;
    target[place] = 0x30 + (fraction - next * 10);
    fraction = next;
  }
  return point + digits + 1;
}

/**
 * Writes a string in quotes at `at`, which has room for its units and the quotes.
 * @returns the position after it; -1 where it needs escapes or more than a byte for a unit.
 */
export function writePlainText(target: Uint8Array, at: number, text: string): number {
  const start = at + 1;
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return -1;
    target[start + index] = unit;
  }
  target[at] = 0x22;
  target[start + length] = 0x22;
  return start + length + 1;
}

/**
 * Where a number in JSON's grammar that begins at `start` ends, -1 when there is none. Codes are no numbers: leading
 * zeros (`007`) and bare exponents (`1E1`) do not count, `1.5e10` and `1e-5` do.
 */
export function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === 0x2d) at++;
  const whole = at;
  while (at < end && isDigit(bytes[at]!)) at++;
  if (at === whole || (bytes[whole] === 0x30 && at - whole > 1)) return -1;
  let marked = false;
  if (at < end && bytes[at] === 0x2e) {
    const fraction = ++at;
    while (at < end && isDigit(bytes[at]!)) at++;
    if (at === fraction) return -1;
    marked = true;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) {
      marked = true;
      at++;
    }
    const exponent = at;
    while (at < end && isDigit(bytes[at]!)) at++;
    if (at === exponent || !marked) return -1;
  }
  return at;
}

/** Whether `byte` is `0` to `9`. */
export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
