import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { makeVector, type ObjectVector, type Schema } from '../../../base/row-batch.js';
import { JsonFields } from '../../codecs/json-fields.js';
import { JsonObjectReader } from '../../codecs/json-object-reader.js';
import type { RowBlock } from '../../codecs/row-block.js';
import { utf8Problem } from '../../codecs/utf8-check.js';
import type { FileShape, RowOptions, RowReader } from './row-reader.js';
import { MAX_ROW_BYTES, type TextInput } from './text-input.js';

/** Times that tell how times are written. */
const TIME_SAMPLE = 500;

/** Rows of a file with one JSON object per line: checked, then taken as they stand. */
export class NdjsonReader implements RowReader {
  readonly shape: FileShape;
  row = 0;
  readonly #input: TextInput;
  readonly #options: RowOptions;
  readonly #objects: JsonObjectReader;
  readonly #key: ObjectVector | undefined;
  readonly #time: ObjectVector | undefined;
  /** What goes in before the last brace: `,"name":value...`. */
  readonly #added: Uint8Array;
  readonly #fields: JsonFields | undefined;
  /** Names of the added fields as JSON texts, and all fields but those: an added one takes the place of one that is there. */
  readonly #setNames: readonly string[];
  readonly #others: JsonFields;
  readonly #parseTime: ((text: Uint8Array) => number) | undefined;
  #line = 0;

  /** @param input opened. */
  constructor(input: TextInput, options: RowOptions) {
    const set = Object.keys(options.set ?? {});
    this.#fields = options.columns ? new JsonFields(options.columns.filter((name) => !set.includes(name))) : undefined;
    this.#setNames = set.map((name) => JSON.stringify(name));
    this.#others = new JsonFields(set, false);
    this.#input = input;
    this.#options = options;
    const names = [...new Set([options.key, options.time])].filter((name) => name !== undefined);
    const schema: Schema = names.map((name) => ({ name, type: 'string' }));
    this.#objects = new JsonObjectReader(schema);
    const vectors = schema.map(({ type }) => makeVector(type, 1));
    this.#objects.into(vectors);
    const vectorOf = (name: string | undefined) => vectors[names.indexOf(name ?? '')] as ObjectVector | undefined;
    this.#key = vectorOf(options.key);
    this.#time = vectorOf(options.time);
    const fields = Object.entries(options.set ?? {}).map(([name, json]) => `,${JSON.stringify(name)}:${json}`);
    this.#added = utf8(fields.join(''));
    this.#parseTime = options.time && options.parseTimeOf ? options.parseTimeOf(this.#sample()) : options.parseTime;
    this.shape = { format: 'ndjson', encoding: input.encoding, columns: [] };
    if (input.ended && input.end === input.start) throw new StreamctlError('bad-data', 'the file is empty');
  }

  read(block: RowBlock, maxRows: number): boolean | Promise<boolean> {
    const input = this.#input;
    while (block.count < maxRows) {
      const found = input.bytes.indexOf(0x0a, input.start);
      const end = found < 0 || found >= input.end ? -1 : found;
      if (end < 0 && !input.ended) {
        const filled = this.#fill();
        if (filled instanceof Promise) return filled.then(() => this.read(block, maxRows));
        continue;
      }
      const stop = end < 0 ? input.end : end;
      if (stop > input.start) this.#take(input.start, stop, block);
      else this.#line++;
      input.start = end < 0 ? input.end : end + 1;
      if (end < 0) return false;
    }
    return true;
  }

  async rewind(): Promise<boolean> {
    this.row = 0;
    this.#line = 0;
    return this.#input.rewind();
  }

  remarks(): readonly string[] {
    return [];
  }

  /** Texts of the time field in the first lines. */
  #sample(): string[] {
    const texts: string[] = [];
    const { bytes, start, end, ended } = this.#input;
    for (let at = start; at < end && texts.length < TIME_SAMPLE; ) {
      const found = bytes.indexOf(0x0a, at);
      const isLast = found < 0 || found >= end;
      if (isLast && !ended) break;
      const next = isLast ? end : found;
      if (this.#objects.read(bytes, at, next, 0)) {
        const text = this.#time!.data[0];
        if (typeof text === 'string') texts.push(text);
      }
      at = next + 1;
    }
    return texts;
  }

  #fill(): boolean | Promise<boolean> {
    try {
      return this.#input.fill();
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.code !== 'limit-exceeded') throw error;
      throw new StreamctlError('bad-data', `line ${this.#line + 1} is longer than ${MAX_ROW_BYTES / 1024 / 1024} MB`, {
        hint: 'put one JSON object on each line',
      });
    }
  }

  #take(start: number, stop: number, block: RowBlock): void {
    const { bytes } = this.#input;
    let end = stop;
    this.#line++;
    while (end > start && isSpace(bytes[end - 1]!)) end--;
    let first = start;
    while (first < end && isSpace(bytes[first]!)) first++;
    if (first === end) return;
    this.row++;
    const bad = this.#check(bytes, first, end);
    const time = bad === undefined ? this.#timeOf() : 0;
    const reason =
      bad ??
      (Number.isNaN(time) ? `${this.#options.time}: ${JSON.stringify(this.#time!.data[0])} is not a time` : undefined);
    if (reason !== undefined) {
      this.#options.onBad({ row: this.row, line: this.#line, reason, bytes: bytes.subarray(first, end) });
      return;
    }
    this.#put(bytes, first, end, time, block);
  }

  #check(bytes: Uint8Array, start: number, end: number): string | undefined {
    const problem = utf8Problem(bytes, start, end);
    if (problem !== undefined) return problem;
    return this.#objects.read(bytes, start, end, 0) ? undefined : this.#objects.reason;
  }

  #timeOf(): number {
    if (!this.#time || !this.#parseTime) return 0;
    const text = this.#time.data[0];
    return text === null || text === undefined ? Number.NaN : this.#parseTime(utf8(text as string));
  }

  #put(bytes: Uint8Array, start: number, end: number, time: number, block: RowBlock): void {
    const added = this.#added;
    block.reserve(end - start + added.length + 2);
    let at = block.used;
    const fields = this.#fields ?? (this.#mayHoldAdded(bytes, start, end) ? this.#others : undefined);
    if (fields) at = fields.copy(bytes, start, block.bytes, at);
    else {
      block.bytes.set(bytes.subarray(start, end), at);
      at += end - start;
    }
    if (added.length > 0) at = appendFields(block.bytes, block.used, at, added);
    block.push(at, this.row, time);
    const key = this.#key?.data[0];
    if (key !== null && key !== undefined) block.pushKey(utf8(key as string));
  }

  /** A quick look: as a rule no added field is there. Names may be written with escapes. */
  #mayHoldAdded(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#setNames.length === 0) return false;
    const text = fromUtf8(bytes.subarray(start, end));
    return text.includes('\\') || this.#setNames.some((name) => text.includes(name));
  }
}

/** Puts `,"name":value...` in before the last brace of the object in `bytes[start, end)`; returns its new end. */
function appendFields(bytes: Uint8Array, start: number, end: number, added: Uint8Array): number {
  // An object without fields takes the first one without its comma.
  const isEmpty = end - start < 64 && fromUtf8(bytes.subarray(start, end)).replace(/\s/g, '') === '{}';
  const fields = isEmpty ? added.subarray(1) : added;
  bytes.set(fields, end - 1);
  bytes[end - 1 + fields.length] = 0x7d;
  return end + fields.length;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
