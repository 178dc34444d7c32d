import { fromUtf8 } from '../../base/bytes.js';
import type { Schema, Vector } from '../../base/row-batch.js';
import { FieldOrder, MAX_FIELDS, MAX_LEAD_WORDS } from './field-order.js';
import { ColumnReader, codedText, type ReadProblem } from './json-columns.js';
import { type ScannedString, scanString, skipSpace, skipText, skipValue } from './json-scanner.js';
import { WORD_BYTES } from './json-words.js';
import { StringCache } from './string-cache.js';

const SHOWN_BYTES = 40;
/** Neither a field nor the end of an object. */
const NOTHING = -1;

/**
 * Reads the wanted fields of one JSON object after the other. The fields of an object mostly stand in the order of the
 * object before: a name is then compared, not looked up. All bytes are checked, those of unwanted fields too.
 */
export class JsonObjectReader {
  readonly #readers: readonly ColumnReader[];
  readonly #byName: ReadonlyMap<string, ColumnReader>;
  readonly #remembered = new FieldOrder();
  /** Who reads each remembered field; the last one is of the field that is read now and has no place among them. */
  readonly #wanted = new Array<ColumnReader | undefined>(MAX_FIELDS + 1).fill(undefined);
  readonly #scanned: ScannedString = { end: 0, coded: false };
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
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.column = undefined;
    this.#problem.reason = undefined;
    let at = start;
    if (bytes[at] !== 0x7b) at = skipSpace(bytes, at);
    if (bytes[at] !== 0x7b || at >= end) return this.#noObject(bytes, start, at, end);
    at = this.#fields(bytes, at, row);
    if (at < 0) return this.#failed(bytes, start, end);
    if (at + 1 !== end && !this.#endsAt(bytes, at + 1, end)) return this.#malformed(bytes, start, end);
    for (let index = 0; index < this.#readers.length; index++) this.#readers[index]!.finish(row);
    return true;
  }

  /** Reads fields from the opening brace on; the position of the closing one, -1 when one does not fit. The hot loop. */
  #fields(bytes: Uint8Array, start: number, row: number): number {
    const { words, lengths } = this.#remembered;
    const wanted = this.#wanted;
    const view = this.#view;
    const size = bytes.length;
    let at = start;
    for (let field = 0; ; field++) {
      const place = Math.min(field, MAX_FIELDS);
      const length = lengths[place]!;
      const leadEnd = at + length;
      let word = place * MAX_LEAD_WORDS;
      if (length === 0 || leadEnd > size) at = this.#newField(bytes, at, field);
      else {
        const last = leadEnd - WORD_BYTES;
        let from = at;
        while (from < last && view.getInt32(from, true) === words[word]) {
          from += WORD_BYTES;
          word++;
        }
        if (from >= last && view.getInt32(last, true) === words[word]) at = leadEnd;
        else if (bytes[at] === 0x7d) return at;
        else at = this.#newField(bytes, at, field);
      }
      if (at < 0) return at === NOTHING ? -1 : ~at;
      let byte = bytes[at]!;
      if (byte <= 0x20) {
        at = skipSpace(bytes, at);
        byte = bytes[at]!;
      }
      const reader = wanted[place];
      if (reader !== undefined) {
        at = reader.read(bytes, view, at, row);
        if (at < 0) this.column = reader.column.name;
      } else if (byte === 0x22) at = skipText(bytes, view, at + 1);
      else at = skipWhole(bytes, at, byte);
      if (at < 0) return -1;
    }
  }

  /**
   * A field that does not begin as the one that stood here in the object before.
   * @param start the opening brace, or the place behind the value before.
   * @returns where its value begins; ~position where the object ends instead; {@link NOTHING} where neither is.
   */
  #newField(bytes: Uint8Array, start: number, field: number): number {
    const mark = field === 0 ? start : skipSpace(bytes, start);
    if (field > 0 && bytes[mark] !== 0x2c) return bytes[mark] === 0x7d ? ~mark : NOTHING;
    const quote = skipSpace(bytes, mark + 1);
    if (bytes[quote] !== 0x22) return field === 0 && bytes[quote] === 0x7d ? ~quote : NOTHING;
    scanString(bytes, quote + 1, this.#scanned);
    const { end, coded } = this.#scanned;
    if (end < 0) return NOTHING;
    const name = coded ? codedText(bytes, quote + 1, end) : fromUtf8(bytes.subarray(quote + 1, end));
    const colon = skipSpace(bytes, end + 1);
    if (bytes[colon] !== 0x3a) return NOTHING;
    const value = skipSpace(bytes, colon + 1);
    this.#wanted[Math.min(field, MAX_FIELDS)] = this.#byName.get(name);
    this.#remembered.put(field, bytes.subarray(start, value));
    return value;
  }

  /** Only what lies inside the value counts: the byte behind it belongs to something else. */
  #endsAt(bytes: Uint8Array, at: number, end: number): boolean {
    let next = at;
    while (next < end && skipSpace(bytes, next) > next) next++;
    return next === end;
  }

  #failed(bytes: Uint8Array, start: number, end: number): boolean {
    for (const reader of this.#readers) reader.forget();
    if (this.#problem.reason === undefined) return this.#malformed(bytes, start, end);
    this.reason = this.#problem.reason;
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

/** Position after the value at `at`, mostly a whole number without a sign. */
function skipWhole(bytes: Uint8Array, start: number, first: number): number {
  if (first < 0x31 || first > 0x39) return skipValue(bytes, start);
  let at = start + 1;
  let byte = bytes[at]!;
  while (byte >= 0x30 && byte <= 0x39) byte = bytes[++at]!;
  return byte === 0x2c || byte === 0x7d ? at : skipValue(bytes, start);
}
