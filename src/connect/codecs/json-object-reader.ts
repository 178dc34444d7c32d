import { fromUtf8 } from '../../base/bytes.js';
import type { Schema, Vector } from '../../base/row-batch.js';
import { ColumnReader, codedText, type ReadProblem } from './json-columns.js';
import { type ScannedString, scanString, skipSpace, skipValue } from './json-scanner.js';
import { StringCache } from './string-cache.js';

/** Fields per object whose places are remembered. */
const MAX_REMEMBERED_FIELDS = 256;
const SHOWN_BYTES = 40;

/** A field of the object read before, at the same place. */
interface RememberedField {
  /** Bytes of the name with its closing quote and colon. */
  readonly length: number;
  /** These bytes as little-endian words, the last one padded with zeros; compared four bytes at a time. */
  readonly words: Int32Array;
  /** Which bits of the last word count. */
  readonly lastMask: number;
  readonly reader: ColumnReader | undefined;
}

/**
 * Reads the wanted fields of one JSON object after the other. The fields of an object mostly stand in the order of the
 * object before: a name is then compared, not looked up. All bytes are checked, those of unwanted fields too.
 */
export class JsonObjectReader {
  readonly #readers: readonly ColumnReader[];
  readonly #byName: ReadonlyMap<string, ColumnReader>;
  readonly #remembered: RememberedField[] = [];
  readonly #scanned: ScannedString = { end: 0, hash: 0, coded: false };
  readonly #problem: ReadProblem = { reason: undefined };
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Why the last object did not fit. */
  reason = '';
  /** The column that did not fit, where it was one. */
  column: string | undefined;

  constructor(schema: Schema) {
    const strings = new StringCache();
    this.#readers = schema.map((column) => new ColumnReader(column, strings, this.#problem));
    this.#byName = new Map(this.#readers.map((reader) => [reader.column.name, reader]));
  }

  /** Sets the vectors that values go to, in the order of the schema. */
  into(vectors: readonly Vector[]): void {
    this.#readers.forEach((reader, index) => {
      reader.into(vectors[index]!);
    });
  }

  /** Reads the object in `bytes[start, end)` into `row`; false when it is none or does not fit, with the reason. */
  read(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    for (let index = 0; index < this.#readers.length; index++) this.#readers[index]!.clear(row);
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.column = undefined;
    let at = skipSpace(bytes, start);
    if (bytes[at] !== 0x7b || at >= end) return this.#noObject(bytes, start, at, end);
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === 0x7d) return this.#finish(bytes, at + 1, start, end);
    for (let field = 0; ; field++) {
      if (bytes[at] !== 0x22) return this.#malformed(bytes, start, end);
      at = this.#field(bytes, at + 1, field, row);
      if (at < 0) return this.#problem.reason === undefined ? this.#malformed(bytes, start, end) : this.#misfit();
      const byte = bytes[at];
      if (byte === 0x2c) {
        at++;
        if (bytes[at] !== 0x22) at = skipSpace(bytes, at);
        continue;
      }
      if (byte === 0x7d) return this.#finish(bytes, at + 1, start, end);
      return this.#malformed(bytes, start, end);
    }
  }

  /** One field from its name's first byte on; the position of what follows its value, -1 when it does not fit. */
  #field(bytes: Uint8Array, nameStart: number, field: number, row: number): number {
    this.#problem.reason = undefined;
    const known = this.#remembered[field];
    let reader: ColumnReader | undefined;
    let at: number;
    if (known !== undefined && this.#stands(nameStart, known)) {
      reader = known.reader;
      at = nameStart + known.length;
    } else {
      scanString(bytes, nameStart, this.#scanned);
      const { end, coded } = this.#scanned;
      if (end < 0) return -1;
      reader = this.#lookUp(bytes, nameStart, end, coded, field);
      at = skipSpace(bytes, end + 1);
      if (bytes[at] !== 0x3a) return -1;
      at++;
    }
    if (bytes[at]! <= 0x20) at = skipSpace(bytes, at);
    if (reader === undefined) at = skipValue(bytes, at);
    else {
      at = reader.read(bytes, at, row);
      if (at < 0) this.column = reader.column.name;
    }
    return at >= 0 && bytes[at]! <= 0x20 ? skipSpace(bytes, at) : at;
  }

  /** Whether the remembered name stands at `start`, followed by its closing quote and a colon. */
  #stands(start: number, { words, lastMask }: RememberedField): boolean {
    const view = this.#view;
    const last = words.length - 1;
    if (start + words.length * 4 > view.byteLength) return false;
    for (let index = 0; index < last; index++) {
      if (view.getInt32(start + index * 4, true) !== words[index]) return false;
    }
    return (view.getInt32(start + last * 4, true) & lastMask) === words[last];
  }

  #lookUp(bytes: Uint8Array, start: number, end: number, coded: boolean, field: number): ColumnReader | undefined {
    const name = coded ? codedText(bytes, start, end) : fromUtf8(bytes.subarray(start, end));
    const reader = this.#byName.get(name);
    if (field < MAX_REMEMBERED_FIELDS && !coded && bytes[end + 1] === 0x3a) {
      this.#remembered[field] = remembered(bytes.subarray(start, end + 2), reader);
    }
    return reader;
  }

  #finish(bytes: Uint8Array, at: number, start: number, end: number): boolean {
    // Only what lies inside the value counts: the byte behind it belongs to something else.
    let next = at;
    while (next < end && skipSpace(bytes, next) > next) next++;
    return next === end || this.#malformed(bytes, start, end);
  }

  #misfit(): boolean {
    this.reason = this.#problem.reason!;
    return false;
  }

  #malformed(bytes: Uint8Array, start: number, end: number): boolean {
    this.column = undefined;
    this.reason = `not JSON: ${parseMessage(bytes.subarray(start, end))}`;
    return false;
  }

  #noObject(bytes: Uint8Array, start: number, at: number, end: number): boolean {
    const first = at < end ? bytes[at]! : 0;
    const valueEnd = at < end ? skipValue(bytes, at) : -1;
    if (at >= end) this.reason = 'the value is empty';
    else if (valueEnd < 0 || valueEnd > end) return this.#malformed(bytes, start, end);
    else if (first === 0x5b) this.reason = 'the value is a JSON array, not an object: one record should hold one row';
    else if (first === 0x22) this.reason = 'the value is a JSON string, not an object: was it encoded twice?';
    else
      this.reason = `the value is ${fromUtf8(bytes.subarray(at, Math.min(end, at + SHOWN_BYTES)))}, not a JSON object`;
    return false;
  }
}

/** A copy: a view would keep the whole network buffer. */
function remembered(name: Uint8Array, reader: ColumnReader | undefined): RememberedField {
  const padded = new Uint8Array(Math.ceil(name.length / 4) * 4);
  padded.set(name);
  const view = new DataView(padded.buffer);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, index) => view.getInt32(index * 4, true));
  const rest = name.length % 4;
  return { length: name.length, words, lastMask: rest === 0 ? -1 : (1 << (rest * 8)) - 1, reader };
}

/** What the language's own parser says; it has the better words, and this is rare. */
function parseMessage(bytes: Uint8Array): string {
  const text = fromUtf8(bytes);
  try {
    JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nested too deeply';
}
