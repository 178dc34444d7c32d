import { StreamctlError } from '../../base/errors.js';
import { firstMalformedUtf8 } from './utf8-check.js';

/** Encodings a text file may have. Everything behind the transcoder is UTF-8. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

const NAMES: Readonly<Record<string, TextEncoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  ascii: 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  utf16le: 'utf-16le',
  'utf-16be': 'utf-16be',
  utf16be: 'utf-16be',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  latin1: 'windows-1252',
  'iso-8859-1': 'windows-1252',
  'iso-8859-15': 'windows-1252',
};

/** Reads a name of `--encoding`; undefined for `auto`. @throws `usage` for a name that is not known. */
export function parseEncoding(name: string): TextEncoding | undefined {
  const key = name.toLowerCase();
  if (key === 'auto') return undefined;
  const encoding = NAMES[key];
  if (encoding === undefined) {
    throw new StreamctlError('usage', `"${name}" is not an encoding`, {
      hint: 'write --encoding auto, utf-8, utf-16le, utf-16be or windows-1252',
    });
  }
  return encoding;
}

/** Code points of bytes 0x80 to 0x9f in Windows-1252; the five without one stand for themselves. */
const HIGH_1252 = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d,
  0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
  0x017e, 0x0178,
];
const UNUSED_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** What the first bytes of a file tell: its encoding, and how many bytes of byte-order mark stand before the text. */
export interface DetectedEncoding {
  readonly encoding: TextEncoding;
  readonly markBytes: number;
}

/**
 * Detects the encoding from the file's first bytes: the mark first, then the zero bytes of UTF-16, then whether it is
 * well-formed UTF-8, else Windows-1252.
 * @param cut whether the sample may end inside a character.
 * @throws `bad-data` with the position when it is text in none of them.
 */
export function detectEncoding(sample: Uint8Array, cut: boolean): DetectedEncoding {
  const [first, second, third] = sample;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', markBytes: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', markBytes: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', markBytes: 2 };
  const wide = zeroPattern(sample);
  if (wide !== undefined) return { encoding: wide, markBytes: 0 };
  const malformed = firstMalformedUtf8(sample, 0, sample.length);
  if (malformed < 0 || (cut && sample.length - malformed < 4)) return { encoding: 'utf-8', markBytes: 0 };
  const unused = sample.findIndex((byte) => UNUSED_1252.has(byte));
  if (unused < 0) return { encoding: 'windows-1252', markBytes: 0 };
  const position = firstMalformedUtf8(sample, 0, sample.length);
  throw new StreamctlError('bad-data', `${place(sample, position)} is not UTF-8`, {
    detail: `byte 0x${sample[unused]!.toString(16)} (${place(sample, unused).replace(/^byte /, '')}) does not exist in Windows-1252 either`,
    hint: 'convert the file to UTF-8, or force one of utf-8, utf-16le, utf-16be, windows-1252 with --encoding',
  });
}

/** A forced encoding with what the mark says of the order of its bytes: "utf-16" is said of both. */
export function forcedEncoding(sample: Uint8Array, forced: TextEncoding): DetectedEncoding {
  const other = forced === 'utf-16le' ? 'utf-16be' : 'utf-16le';
  const encoding = forced.startsWith('utf-16') && markLength(sample, other) > 0 ? other : forced;
  return { encoding, markBytes: markLength(sample, encoding) };
}

/** Length of a byte-order mark of `encoding` at the start of `sample`. */
export function markLength(sample: Uint8Array, encoding: TextEncoding): number {
  if (encoding === 'utf-8') return sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf ? 3 : 0;
  if (encoding === 'utf-16le') return sample[0] === 0xff && sample[1] === 0xfe ? 2 : 0;
  return encoding === 'utf-16be' && sample[0] === 0xfe && sample[1] === 0xff ? 2 : 0;
}

/** Text of mostly ASCII in UTF-16 has a zero in every other byte; binary files have zeros everywhere. */
function zeroPattern(sample: Uint8Array): TextEncoding | undefined {
  const length = Math.min(sample.length, 4096) & ~1;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < length; at += 2) {
    if (sample[at] === 0) even++;
    if (sample[at + 1] === 0) odd++;
  }
  if (length >= 4 && odd > length / 4 && even === 0) return 'utf-16le';
  if (length >= 4 && even > length / 4 && odd === 0) return 'utf-16be';
  if (even + odd === 0) return undefined;
  throw new StreamctlError('bad-data', 'this is no text file', {
    detail: `it has ${even + odd} zero bytes among its first ${length}`,
    hint: 'replay reads csv, tsv, ndjson and xlsx files',
  });
}

function place(bytes: Uint8Array, position: number): string {
  let line = 1;
  let lineStart = 0;
  for (let at = 0; at < position; at++) {
    if (bytes[at] === 0x0a) {
      line++;
      lineStart = at + 1;
    }
  }
  return `byte 0x${bytes[position]!.toString(16).padStart(2, '0')} at line ${line}, column ${position - lineStart + 1}`;
}

/** Turns pieces of a file into UTF-8, a character cut by a piece's end included. UTF-8 passes unchanged. */
export class Transcoder {
  readonly #encoding: TextEncoding;
  #carry: number | undefined;
  #highSurrogate = 0;
  #offset: number;

  /** @param offset position of the first piece in the file, for messages. */
  constructor(encoding: TextEncoding, offset = 0) {
    this.#encoding = encoding;
    this.#offset = offset;
  }

  /** Most bytes that `count` bytes become. */
  static room(count: number): number {
    return (count + 2) * 3;
  }

  /**
   * Writes the UTF-8 of `bytes` to `target` from `at`, which has {@link Transcoder.room}; returns the position after it.
   * @throws `bad-data` with the byte's position.
   */
  write(bytes: Uint8Array, target: Uint8Array, at: number): number {
    if (this.#encoding === 'utf-8') {
      target.set(bytes, at);
      return at + bytes.length;
    }
    const end =
      this.#encoding === 'windows-1252' ? this.#write1252(bytes, target, at) : this.#write16(bytes, target, at);
    this.#offset += bytes.length;
    return end;
  }

  /** Must be called at the end of the file. @throws `bad-data` when it ends inside a character. */
  end(): void {
    if (this.#carry === undefined && this.#highSurrogate === 0) return;
    throw new StreamctlError('bad-data', `the file ends inside a character of ${this.#encoding}`, {
      hint: 'the file was cut, or its encoding is another: see --encoding',
    });
  }

  #write1252(bytes: Uint8Array, target: Uint8Array, from: number): number {
    let at = from;
    for (const byte of bytes) {
      if (byte < 0x80) target[at++] = byte;
      else at = writeCodePoint(target, at, byte < 0xa0 ? HIGH_1252[byte - 0x80]! : byte);
    }
    return at;
  }

  #write16(bytes: Uint8Array, target: Uint8Array, from: number): number {
    const big = this.#encoding === 'utf-16be';
    let at = from;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (this.#carry === undefined) {
        this.#carry = byte;
        continue;
      }
      const unit = big ? (this.#carry << 8) | byte : (byte << 8) | this.#carry;
      this.#carry = undefined;
      const low = unit >= 0xdc00 && unit <= 0xdfff;
      if (low !== (this.#highSurrogate !== 0)) throw this.#lone(this.#offset + index - 1);
      if (low) {
        at = writeCodePoint(target, at, 0x10000 + ((this.#highSurrogate - 0xd800) << 10) + (unit - 0xdc00));
        this.#highSurrogate = 0;
      } else if (unit >= 0xd800 && unit <= 0xdbff) this.#highSurrogate = unit;
      else at = writeCodePoint(target, at, unit);
    }
    return at;
  }

  #lone(position: number): StreamctlError {
    return new StreamctlError('bad-data', `byte ${position} is not ${this.#encoding}: half a surrogate pair`, {
      hint: 'name the right encoding with --encoding',
    });
  }
}

function writeCodePoint(target: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    target[at] = point;
    return at + 1;
  }
  if (point < 0x800) {
    target[at] = 0xc0 | (point >> 6);
    target[at + 1] = 0x80 | (point & 63);
    return at + 2;
  }
  if (point < 0x10000) {
    target[at] = 0xe0 | (point >> 12);
    target[at + 1] = 0x80 | ((point >> 6) & 63);
    target[at + 2] = 0x80 | (point & 63);
    return at + 3;
  }
  target[at] = 0xf0 | (point >> 18);
  target[at + 1] = 0x80 | ((point >> 12) & 63);
  target[at + 2] = 0x80 | ((point >> 6) & 63);
  target[at + 3] = 0x80 | (point & 63);
  return at + 4;
}
