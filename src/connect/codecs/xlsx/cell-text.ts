import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { decodeEntities, type XmlScanner } from './xml-scanner.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const AMPERSAND = 0x26;
const RETURN = 0x0d;
const UNDERSCORE = 0x5f;
const LETTER_X = 0x78;
/** Numbers of so many digits are the same in decimal and in a double. */
export const EXACT_DIGITS = 15;

/** Bytes that grow: the text of one cell, or rows on their way out. */
export class GrowingBytes {
  bytes: Uint8Array;
  used = 0;

  constructor(firstBytes: number) {
    this.bytes = new Uint8Array(firstBytes);
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    if (this.used + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + count));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  push(byte: number): void {
    if (this.used === this.bytes.length) this.reserve(1);
    this.bytes[this.used++] = byte;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    if (count > 64) this.bytes.set(source.subarray(start, end), this.used);
    else for (let at = start, to = this.used; at < end; at++, to++) this.bytes[to] = source[at]!;
    this.used += count;
  }
}

/** Appends the scanner's text: entities replaced, line ends made line feeds as XML wants it. */
export function takeText(scanner: XmlScanner, into: GrowingBytes): void {
  const { bytes, start, end } = scanner;
  let isPlain = true;
  for (let at = start; at < end && isPlain; at++) isPlain = bytes[at] !== AMPERSAND && bytes[at] !== RETURN;
  if (isPlain) {
    into.append(bytes, start, end);
    return;
  }
  const text = fromUtf8(bytes.subarray(start, end)).replace(/\r\n?/g, '\n');
  appendAll(into, utf8(scanner.isRaw ? text : decodeEntities(text)));
}

/**
 * Appends a cell's text as a CSV cell, `_x000D_` and the like replaced: in quotes where CSV needs them, and where it could
 * be taken for a number. An empty text is an empty cell.
 */
export function appendTextCell(source: GrowingBytes, into: GrowingBytes): void {
  unescapeCharacters(source);
  const { bytes, used } = source;
  if (used === 0) return;
  if (!needsQuotes(bytes, used)) {
    into.append(bytes, 0, used);
    return;
  }
  into.reserve(used * 2 + 2);
  const target = into.bytes;
  let to = into.used;
  target[to++] = QUOTE;
  for (let at = 0; at < used; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) target[to++] = QUOTE;
    target[to++] = byte;
  }
  target[to++] = QUOTE;
  into.used = to;
}

function needsQuotes(bytes: Uint8Array, used: number): boolean {
  const first = bytes[0]!;
  if (first <= 0x20 || (first >= 0x2b && first <= 0x39)) return true;
  for (let at = 0; at < used; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE || byte === COMMA || byte === 0x0a || byte === 0x0d) return true;
  }
  return false;
}

/** Characters that XML cannot hold are written `_xHHHH_`. @see ECMA-376 part 1, 22.4.2.4 */
function unescapeCharacters(source: GrowingBytes): void {
  const { bytes, used } = source;
  let found = false;
  for (let at = 0; at < used - 6 && !found; at++) found = bytes[at] === UNDERSCORE && bytes[at + 1] === LETTER_X;
  if (!found) return;
  const before = fromUtf8(bytes.subarray(0, used));
  const after = before.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  source.used = 0;
  appendAll(source, utf8(after));
}

/**
 * Appends a number as it is written in JSON: as it stands where it is short, else the shortest text of the same double
 * (`0.1` for the stored `0.10000000000000001`). What is no number is appended as text.
 */
export function appendNumberCell(source: GrowingBytes, into: GrowingBytes): void {
  const { bytes, used } = source;
  if (isPlain(bytes, used)) {
    into.append(bytes, 0, used);
    return;
  }
  const value = readNumber(bytes, used);
  if (Number.isFinite(value)) appendAll(into, utf8(String(value)));
  else appendTextCell(source, into);
}

function appendAll(into: GrowingBytes, bytes: Uint8Array): void {
  into.append(bytes, 0, bytes.length);
}

/** The number in `bytes[0, used)`; NaN when there is none. */
export function readNumber(bytes: Uint8Array, used: number): number {
  if (used > EXACT_DIGITS || !isPlain(bytes, used)) {
    return used === 0 ? Number.NaN : Number(fromUtf8(bytes.subarray(0, used)));
  }
  let digits = 0;
  let divisor = 0;
  for (let at = bytes[0] === 0x2d ? 1 : 0; at < used; at++) {
    if (bytes[at] === 0x2e) divisor = 1;
    else {
      digits = digits * 10 + bytes[at]! - 0x30;
      divisor *= 10;
    }
  }
  // Both are exact, so the quotient is the nearest double.
  const value = divisor === 0 ? digits : digits / divisor;
  return bytes[0] === 0x2d ? -value : value;
}

/** `-12.5`: no leading zero, no zero at the end of a fraction, few digits. */
function isPlain(bytes: Uint8Array, used: number): boolean {
  let at = bytes[0] === 0x2d ? 1 : 0;
  const whole = at;
  if (used - whole > EXACT_DIGITS) return false;
  while (at < used && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  if (at === whole || (bytes[whole] === 0x30 && at - whole > 1)) return false;
  if (at === used) return bytes[whole] !== 0x30 || whole === 0;
  if (bytes[at] !== 0x2e) return false;
  const fraction = ++at;
  while (at < used && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  // Small numbers are written 1e-7: rare enough for the long way round.
  return at === used && at > fraction && bytes[at - 1] !== 0x30 && (bytes[whole] !== 0x30 || bytes[fraction] !== 0x30);
}
