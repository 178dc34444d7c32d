import { numberEnd } from './json-bytes.js';

/** How people write numbers: with a decimal point and groups of `,` or `'`, or with a decimal comma and groups of `.`. */
export type DecimalMark = 'dot' | 'comma';

const ZERO = 0x30;
const SPACE = 0x20;
const COMMA = 0x2c;
const DOT = 0x2e;
const MINUS = 0x2d;
const APOSTROPHE = 0x27;
const GROUP_DIGITS = 3;
/** A number longer than this is none. */
const MAX_BYTES = 64;

/**
 * Where a space that groups digits ends: a plain one, a no-break one (U+00A0), a narrow one (U+202F, U+2009); `at` when
 * there is none.
 */
function spaceEnd(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === SPACE) return at + 1;
  if (byte === 0xc2 && bytes[at + 1] === 0xa0) return at + 2;
  const isNarrow = byte === 0xe2 && bytes[at + 1] === 0x80 && (bytes[at + 2] === 0xaf || bytes[at + 2] === 0x89);
  return isNarrow ? at + 3 : at;
}

/**
 * Makes of the JSON string in `bytes[from, to)`, quotes included, the number it holds, from `from` on: `"6 199 754"` becomes
 * 6199754, `"1.234,50"` with a decimal comma 1234.50. Spaces around it are left out. Groups have three digits and one
 * kind of mark; leading zeros are codes.
 * @returns where the number ends; -1, with nothing changed, for what is no number.
 */
export function unquoteNumber(bytes: Uint8Array, from: number, to: number, decimal: DecimalMark): number {
  let start = from + 1;
  let end = to - 1;
  while (start < end && bytes[start] === SPACE) start++;
  while (end > start && bytes[end - 1] === SPACE) end--;
  if (decimal === 'dot' && start < end && numberEnd(bytes, start, end) === end) {
    bytes.copyWithin(from, start, end);
    return from + end - start;
  }
  if (end - start > MAX_BYTES || !isNumber(bytes, start, end, decimal)) return -1;
  const point = decimal === 'dot' ? DOT : COMMA;
  let target = from;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === point) bytes[target++] = DOT;
    else if (byte === MINUS || (byte >= ZERO && byte <= 0x39)) bytes[target++] = byte;
  }
  return target;
}

/** Whether `bytes[start, end)` is a number with that decimal mark, its digits grouped or not. */
export function isNumber(bytes: Uint8Array, start: number, end: number, decimal: DecimalMark): boolean {
  let at = start;
  if (bytes[at] === MINUS) at++;
  const whole = at;
  at = digitsEnd(bytes, at, end);
  const first = at - whole;
  if (first === 0 || (bytes[whole] === ZERO && first > 1)) return false;
  if (first <= GROUP_DIGITS && bytes[whole] !== ZERO) at = groupsEnd(bytes, at, end, decimal);
  if (at === end) return true;
  if (bytes[at] !== (decimal === 'dot' ? DOT : COMMA)) return false;
  const fraction = at + 1;
  return digitsEnd(bytes, fraction, end) === end && end > fraction;
}

function groupsEnd(bytes: Uint8Array, start: number, end: number, decimal: DecimalMark): number {
  let at = start;
  const mark = bytes[at];
  const isMark = decimal === 'dot' ? mark === COMMA || mark === APOSTROPHE : mark === DOT;
  for (;;) {
    const next = isMark ? (bytes[at] === mark ? at + 1 : at) : spaceEnd(bytes, at);
    if (next === at || next >= end) return at;
    const digits = digitsEnd(bytes, next, end);
    if (digits - next !== GROUP_DIGITS) return at;
    at = digits;
  }
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= 0x39) at++;
  return at;
}
