import { bytesBefore, stringStops, WORD_BYTES } from './json-words.js';

/** Classes of bytes inside a JSON string. */
const PLAIN = 0;
const HIGH = 1;
const STOP = 2;

const CLASSES = new Uint8Array(256);
CLASSES.fill(STOP, 0, 0x20);
CLASSES[0x22] = STOP;
CLASSES[0x5c] = STOP;
CLASSES.fill(HIGH, 0x80);

const ESCAPABLE = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));
const MAX_DEPTH = 500;

/** Position of the first byte at or after `at` that is no JSON white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  for (;;) {
    const byte = bytes[next]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return next;
    next++;
  }
}

/** What {@link scanString} found out about a string on its way. One object is used again and again. */
export interface ScannedString {
  /** Position of the closing quote; -1 when the string is malformed. */
  end: number;
  /** It has escapes or bytes beyond ASCII: its text is not its bytes. */
  coded: boolean;
}

/** Goes over the string whose content begins at `start`, behind its opening quote. */
export function scanString(bytes: Uint8Array, start: number, found: ScannedString): void {
  let at = start;
  found.coded = false;
  for (;;) {
    const byte = bytes[at]!;
    const kind = CLASSES[byte];
    if (kind === PLAIN) {
      at++;
      continue;
    }
    if (kind === HIGH) {
      found.coded = true;
      at++;
      continue;
    }
    if (byte === 0x22) break;
    const next = byte === 0x5c ? escapeEnd(bytes, at) : -1;
    if (next < 0) {
      found.end = -1;
      return;
    }
    found.coded = true;
    at = next;
  }
  found.end = at;
}

/** Position after the escape at `at`; -1 when it is none. */
function escapeEnd(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1]!;
  if (letter !== 0x75) return ESCAPABLE.has(letter) ? at + 2 : -1;
  for (let digit = at + 2; digit < at + 6; digit++) if (!isHex(bytes[digit])) return -1;
  return at + 6;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Position after the JSON value that begins at `at`, all of it checked; -1 when it is malformed. */
export function skipValue(bytes: Uint8Array, at: number, depth = 0): number {
  const first = bytes[at]!;
  if (first === 0x22) return skipString(bytes, at + 1);
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return skipNumber(bytes, at);
  if (first === 0x7b || first === 0x5b) return depth < MAX_DEPTH ? skipNested(bytes, at, depth) : -1;
  return skipWord(bytes, at);
}

/** Position after the closing quote of the string whose content begins at `start`; -1 when it is malformed. */
export function skipString(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at]!;
    const kind = CLASSES[byte]!;
    if (kind < STOP) at++;
    else if (byte === 0x22) return at + 1;
    else if (byte !== 0x5c) return -1;
    else {
      at = escapeEnd(bytes, at);
      if (at < 0) return -1;
    }
  }
}

/** As {@link skipString}, a word at a time. @param view of `bytes`. */
export function skipText(bytes: Uint8Array, view: DataView, start: number): number {
  const last = bytes.length - WORD_BYTES;
  for (let at = start; at <= last; at += WORD_BYTES) {
    const stops = stringStops(view.getInt32(at, true));
    if (stops === 0) continue;
    const end = at + bytesBefore(stops);
    return bytes[end] === 0x22 ? end + 1 : skipString(bytes, end);
  }
  return skipString(bytes, start);
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  if (bytes[at] === 0x2d) at++;
  const whole = at;
  at = skipDigits(bytes, at);
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return -1;
  if (bytes[at] === 0x2e) {
    const fraction = ++at;
    at = skipDigits(bytes, at);
    if (at === fraction) return -1;
  }
  if ((bytes[at]! | 0x20) === 0x65) {
    at++;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
    const exponent = at;
    at = skipDigits(bytes, at);
    if (at === exponent) return -1;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  return at;
}

const WORDS = ['true', 'false', 'null'].map((word) => Uint8Array.from(word, (character) => character.charCodeAt(0)));

/** Position after `true`, `false` or `null`; -1 for anything else. */
export function skipWord(bytes: Uint8Array, at: number): number {
  for (const word of WORDS) {
    let index = 0;
    while (index < word.length && bytes[at + index] === word[index]) index++;
    if (index === word.length) return at + index;
  }
  return -1;
}

function skipNested(bytes: Uint8Array, start: number, depth: number): number {
  const isObject = bytes[start] === 0x7b;
  const close = isObject ? 0x7d : 0x5d;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (isObject) {
      if (bytes[at] !== 0x22) return -1;
      at = skipString(bytes, at + 1);
      if (at < 0) return -1;
      at = skipSpace(bytes, at);
      if (bytes[at] !== 0x3a) return -1;
      at = skipSpace(bytes, at + 1);
    }
    at = skipValue(bytes, at, depth + 1);
    if (at < 0) return -1;
    at = skipSpace(bytes, at);
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== 0x2c) return -1;
    at = skipSpace(bytes, at + 1);
  }
}
