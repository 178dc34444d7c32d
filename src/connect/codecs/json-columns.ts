import { fromUtf8 } from '../../base/bytes.js';
import type { Column, NumberVector, ObjectVector, Vector } from '../../base/row-batch.js';
import { parseTimestamp } from '../../plan/timestamp-text.js';
import { type ScannedString, scanString, skipValue, skipWord } from './json-scanner.js';
import { parseExactJsonBytes } from './json-value.js';
import { asciiText } from './json-words.js';
import { type NumberResult, readNumber, storeDecimal } from './number-bytes.js';
import type { StringCache } from './string-cache.js';

/** Longest piece of a value shown in a reason. */
const SHOWN_BYTES = 40;
const EXACT_DIGITS = 15;

/** Why a value did not fit, set by {@link ColumnReader.read} when it gives -1. */
export interface ReadProblem {
  /** Undefined: the bytes are no JSON at all. */
  reason: string | undefined;
}

/**
 * Reads the values of one column from JSON bytes into a vector. Texts that spell a number, boolean or time count as
 * one, as in Flink's JSON format; null and missing values are null.
 */
export class ColumnReader {
  readonly column: Column;
  readonly #strings: StringCache;
  readonly #problem: ReadProblem;
  readonly #scanned: ScannedString = { end: 0, coded: false };
  readonly #number: NumberResult = { end: 0, value: 0, whole: false, digits: 0 };
  readonly #isText: boolean;
  readonly #isNumber: boolean;
  #numbers: NumberVector | undefined;
  /** Of the vector, where numbers go to it. */
  #data: Float64Array | undefined;
  #objects: ObjectVector | undefined;
  /** The row that was read last, -1 for none. */
  #row = -1;

  constructor(column: Column, strings: StringCache, problem: ReadProblem) {
    this.column = column;
    this.#strings = strings;
    this.#problem = problem;
    this.#isText = column.type === 'string';
    this.#isNumber = column.type === 'double' || column.type === 'bigint' || column.type === 'timestamp';
  }

  /** Sets the vector that values go to. */
  into(vector: Vector): void {
    this.#numbers = vector.kind === 'number' ? vector : undefined;
    this.#data = this.#isNumber ? this.#numbers?.data : undefined;
    this.#objects = vector.kind === 'object' ? vector : undefined;
    this.#row = -1;
  }

  /** The object of `row` was read: a value that did not come is null. */
  finish(row: number): void {
    if (this.#row !== row) this.#clear(row);
  }

  /** What was read last does not count: its row is to be read anew. */
  forget(): void {
    this.#row = -1;
  }

  #clear(row: number): void {
    if (this.#numbers) {
      this.#numbers.nulls[row] = 1;
      this.#numbers.wide?.delete(row);
    } else this.#objects!.data[row] = null;
  }

  /**
   * Reads the value at `at` into `row`; returns the position after it, -1 when it does not fit.
   * @param view of `bytes`.
   */
  read(bytes: Uint8Array, view: DataView, at: number, row: number): number {
    this.#row = row;
    if (this.#data !== undefined) {
      const end = this.#plainNumber(bytes, view, at, row, this.#data);
      if (end > 0) return end;
    } else if (this.#isText && bytes[at] === 0x22) {
      const end = this.#strings.take(bytes, view, at + 1, this.#objects!.data, row);
      if (end > 0) return end + 1;
    }
    return this.#readAny(bytes, at, row);
  }

  /** The usual number: without quotes, exact as it stands. */
  #plainNumber(bytes: Uint8Array, view: DataView, at: number, row: number, data: Float64Array): number {
    const end = storeDecimal(bytes, view, at, data, row);
    if (end < 0) return -1;
    if (this.column.type === 'bigint') {
      if (!Number.isInteger(data[row])) return -1;
      // There is no negative zero among whole numbers.
      data[row]! += 0;
      this.#numbers!.wide?.delete(row);
    }
    this.#numbers!.nulls[row] = 0;
    return end;
  }

  /** A value of any form. */
  #readAny(bytes: Uint8Array, at: number, row: number): number {
    const first = bytes[at]!;
    if (first === 0x6e) {
      this.#clear(row);
      return this.#word(bytes, at);
    }
    switch (this.column.type) {
      case 'string':
        return this.#readText(bytes, at, row, first);
      case 'double':
      case 'bigint':
        return this.#readNumber(bytes, at, row, first);
      case 'timestamp':
        return first === 0x22 ? this.#readTime(bytes, at, row) : this.#readNumber(bytes, at, row, first);
      case 'boolean':
        return this.#readBoolean(bytes, at, row, first);
      case 'json':
        return this.#readJson(bytes, at, row);
    }
  }

  #malformed(): number {
    this.#problem.reason = undefined;
    return -1;
  }

  /** The value is JSON, but not of the column's type. */
  #misfit(bytes: Uint8Array, at: number, wanted: string): number {
    const end = skipValue(bytes, at);
    if (end < 0) return this.#malformed();
    const cut = end - at > SHOWN_BYTES;
    const shown = fromUtf8(bytes.subarray(at, cut ? at + SHOWN_BYTES : end));
    this.#problem.reason = `${this.column.name}: ${shown}${cut ? '…' : ''} is not ${wanted}`;
    return -1;
  }

  #word(bytes: Uint8Array, at: number): number {
    const end = skipWord(bytes, at);
    return end < 0 ? this.#malformed() : end;
  }

  #readText(bytes: Uint8Array, at: number, row: number, first: number): number {
    const data = this.#objects!.data;
    if (first !== 0x22) {
      // Numbers and other values keep the text they were written with.
      const end = skipValue(bytes, at);
      if (end < 0) return this.#malformed();
      data[row] = fromUtf8(bytes.subarray(at, end));
      return end;
    }
    const scanned = this.#scanned;
    scanString(bytes, at + 1, scanned);
    if (scanned.end < 0) return this.#malformed();
    data[row] = codedText(bytes, at + 1, scanned.end);
    return scanned.end + 1;
  }

  #readNumber(bytes: Uint8Array, at: number, row: number, first: number): number {
    if (first === 0x22) return this.#readQuotedNumber(bytes, at, row);
    const number = this.#number;
    readNumber(bytes, at, number);
    if (number.end < 0) {
      return this.#misfit(bytes, at, this.#wanted());
    }
    return this.#storeNumber(bytes, at, row, number) ? number.end : this.#misfit(bytes, at, this.#wanted(number));
  }

  /** False when a column of whole numbers is given something else. */
  #storeNumber(bytes: Uint8Array, at: number, row: number, number: NumberResult): boolean {
    const vector = this.#numbers!;
    let { value } = number;
    vector.wide?.delete(row);
    if (this.column.type === 'bigint') {
      if (number.whole && number.digits > EXACT_DIGITS && !Number.isSafeInteger(value)) {
        const exact = BigInt(asciiText(bytes, at, number.end));
        if (BigInt.asIntN(64, exact) !== exact) return false;
        vector.wide ??= new Map();
        vector.wide.set(row, exact);
      } else if (!Number.isInteger(value) || (!number.whole && !Number.isSafeInteger(value))) return false;
      // There is no negative zero among whole numbers.
      value += 0;
    } else if (!Number.isFinite(value)) return false;
    vector.data[row] = value;
    vector.nulls[row] = 0;
    return true;
  }

  #readQuotedNumber(bytes: Uint8Array, at: number, row: number): number {
    const scanned = this.#scanned;
    scanString(bytes, at + 1, scanned);
    if (scanned.end < 0) return this.#malformed();
    let start = at + 1;
    let end = scanned.end;
    while (start < end && bytes[start] === 0x20) start++;
    while (end > start && bytes[end - 1] === 0x20) end--;
    const number = this.#number;
    readNumber(bytes, start, number);
    const fits = number.end === end && this.#storeNumber(bytes, start, row, number);
    return fits ? scanned.end + 1 : this.#misfit(bytes, at, this.#wanted(number.end === end ? number : undefined));
  }

  #readTime(bytes: Uint8Array, at: number, row: number): number {
    const scanned = this.#scanned;
    scanString(bytes, at + 1, scanned);
    if (scanned.end < 0) return this.#malformed();
    const time = parseTimestamp(fromUtf8(bytes.subarray(at + 1, scanned.end)));
    if (Number.isNaN(time)) return this.#misfit(bytes, at, 'a time');
    this.#numbers!.data[row] = time;
    this.#numbers!.nulls[row] = 0;
    return scanned.end + 1;
  }

  #readBoolean(bytes: Uint8Array, at: number, row: number, first: number): number {
    const quoted = first === 0x22;
    const start = quoted ? at + 1 : at;
    const letter = bytes[start];
    const end = letter === 0x74 || letter === 0x66 ? skipWord(bytes, start) : -1;
    if (end < 0 || (quoted && bytes[end] !== 0x22)) return this.#misfit(bytes, at, 'true or false');
    this.#numbers!.data[row] = letter === 0x74 ? 1 : 0;
    this.#numbers!.nulls[row] = 0;
    return quoted ? end + 1 : end;
  }

  #readJson(bytes: Uint8Array, at: number, row: number): number {
    const end = skipValue(bytes, at);
    if (end < 0) return this.#malformed();
    this.#objects!.data[row] = parseExactJsonBytes(bytes.subarray(at, end)) ?? null;
    return end;
  }

  /** @param number what was found instead, where it is a number. */
  #wanted(number?: NumberResult): string {
    if (this.column.type === 'timestamp') return 'a time';
    if (this.column.type === 'double') return 'a number';
    return number?.whole ? 'a whole number of 64 bits' : 'a whole number';
  }
}

/** The text of any string. */
export function codedText(bytes: Uint8Array, start: number, end: number): string {
  const text = fromUtf8(bytes.subarray(start, end));
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
