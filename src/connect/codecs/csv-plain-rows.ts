import { concatBytes } from '../../base/bytes.js';
import {
  asWords,
  byteClasses,
  CR,
  type CsvLayout,
  copiedNumbers,
  DELIMITER,
  HIGH,
  kindsOf,
  labelsOf,
} from './csv-layout.js';
import { writeNull } from './json-bytes.js';
import { bytesBefore } from './json-words.js';
import type { RowBlock } from './row-block.js';
import { firstMalformedUtf8 } from './utf8-check.js';

const QUOTE = Uint8Array.of(0x22);
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const HIGH_BITS = 0x80808080;

const TEXT = 0;
const NUMBER = 1;
/** Free bytes that a row begins with. */
const ROW_ROOM = 16 * 1024;
/** Bytes behind a cell's text that may be written: a word too many, `null`, a quote. */
const SLACK_BYTES = 16;
/** Rows that are given up unseen at most, where one after the other was not plain. */
const MAX_PASSED = 63;

/**
 * Converts the rows of a CSV file that need no thought: as many cells as the header has, none of them quoted, nothing to
 * escape, numbers as JSON writes them. They are most rows of most files; four bytes at a time they take half the time that
 * all cases together do. What is not taken is left to `CsvJson`.
 */
export class PlainRows {
  readonly #layout: CsvLayout;
  readonly #usable: boolean;
  readonly #rowEnd: number;
  readonly #columns: number;
  readonly #classes: Uint8Array;
  /**
   * Per column, and once for what stands behind the last: its kind, how many words its label has, how many bytes, and the
   * words. Opening quotes are part of the label.
   */
  readonly #plan: Int32Array;
  /** Bytes that a label and a little more may take. */
  readonly #room: number;
  /** Where each cell begins; behind the last one, where the next would. */
  readonly #starts: Int32Array;
  #input: Uint8Array = new Uint8Array(0);
  #inputView: DataView = new DataView(new ArrayBuffer(0));
  #out: Uint8Array = new Uint8Array(0);
  #outView: DataView = new DataView(new ArrayBuffer(0));
  #target = 0;
  #high = false;
  #passed = 0;
  #toPass = 0;

  constructor(layout: CsvLayout) {
    const { columns, rowEnd } = layout;
    this.#layout = layout;
    this.#columns = columns.length;
    this.#usable = copiedNumbers(layout).every((copied) => copied === 1);
    this.#rowEnd = rowEnd === 'cr' ? 0x0d : 0x0a;
    this.#classes = byteClasses(layout);
    const kinds = kindsOf(layout);
    const { labels, suffix } = labelsOf(layout);
    const parts = [
      ...labels.map((label, index) => (kinds[index] === TEXT ? concatBytes([label, QUOTE]) : label)),
      suffix,
    ];
    this.#plan = Int32Array.from(
      parts.flatMap((part, index) => {
        const words = asWords(part);
        return [kinds[index] ?? 0, words.length, part.length, ...words];
      }),
    );
    this.#room = Math.max(...parts.map(({ length }) => length)) + SLACK_BYTES;
    this.#starts = new Int32Array(columns.length + 1);
  }

  /**
   * Converts rows of `input[start, end)` into `block` until it holds `maxRows`, or one is not plain, or has no end. A row
   * end must stand at `input[end]`.
   * @param row number of the row before.
   * @returns where the first row begins that was not taken.
   */
  convert(input: Uint8Array, start: number, end: number, block: RowBlock, maxRows: number, row: number): number {
    // Words are read up to three bytes beyond the end.
    if (!this.#usable || input.length - end < 4) return start;
    if (this.#toPass > 0) {
      this.#toPass--;
      return start;
    }
    if (this.#input !== input) {
      this.#input = input;
      this.#inputView = new DataView(input.buffer, input.byteOffset, input.length);
    }
    const before = row - block.count + 1;
    let at = start;
    while (at < end && block.count < maxRows) {
      const next = this.#row(at, end, block, before + block.count);
      if (next < 0) break;
      at = next;
    }
    // Where hardly a row is plain, looking at each costs more than it gives.
    this.#passed = at > start ? 0 : Math.min(this.#passed * 2 + 1, MAX_PASSED);
    this.#toPass = this.#passed;
    return at;
  }

  /** One row; returns where the next begins, -1 when this one was not taken. */
  #row(start: number, end: number, block: RowBlock, row: number): number {
    block.reserve(ROW_ROOM);
    if (this.#out !== block.bytes) {
      this.#out = block.bytes;
      this.#outView = new DataView(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length);
    }
    const behind = this.#cells(start, block.used);
    if (behind < 0) return -1;
    const next = this.#nextRow(behind);
    if (next < 0 || next > end) return -1;
    if (this.#high && firstMalformedUtf8(this.#input, start, behind) >= 0) return -1;
    const { timeColumn, parseTime, keyColumn } = this.#layout;
    let time = 0;
    if (timeColumn >= 0 && parseTime !== undefined) {
      time = parseTime(this.#cell(timeColumn));
      if (Number.isNaN(time)) return -1;
    }
    block.push(this.#target, row, time);
    if (keyColumn >= 0) {
      const key = this.#cell(keyColumn);
      if (key.length > 0) block.pushKey(key);
    }
    return next;
  }

  /** Writes a row from `from` on; returns the position behind the byte that ends its last cell, -1 where it is not plain. */
  #cells(start: number, from: number): number {
    const input = this.#input;
    const inputView = this.#inputView;
    const out = this.#out;
    const view = this.#outView;
    const plan = this.#plan;
    const classes = this.#classes;
    const starts = this.#starts;
    const columns = this.#columns;
    const limit = out.length - this.#room;
    const { quote, delimiter } = this.#layout;
    let at = start;
    let target = from;
    let high = false;
    for (let field = 0, part = 0; ; field++) {
      if (target > limit) return -1;
      const kind = plan[part]!;
      const label = part + 3;
      const next = label + plan[part + 1]!;
      for (let word = label, to = target; word < next; word++, to += 4) view.setInt32(to, plan[word]!, true);
      target += plan[part + 2]!;
      part = next;
      starts[field] = at;
      if (field === columns) break;
      if (field > 0 && input[at - 1] !== delimiter) return -1;
      const byte = input[at]!;
      const shift = target - at;
      if (classes[byte]! >= DELIMITER) {
        if (kind <= NUMBER) target = writeNull(out, target - (kind === TEXT ? 1 : 0));
      } else if (kind === NUMBER) {
        at = copyNumber(inputView, at, view, shift, limit - shift);
        if (at < 0) return -1;
        target = at + shift;
      } else {
        if (byte === quote) return -1;
        at = copyText(inputView, at, view, shift, limit - shift, delimiter);
        while (classes[input[at]!] === HIGH) {
          high = true;
          out[at + shift] = input[at]!;
          at = copyText(inputView, at + 1, view, shift, limit - shift, delimiter);
        }
        if (kind === TEXT) {
          target = at + shift;
          out[target++] = 0x22;
        }
      }
      at++;
    }
    this.#target = target;
    this.#high = high;
    return at;
  }

  /** Where the next row begins, given the position behind the byte that ended the last cell; -1 where that ends no row. */
  #nextRow(behind: number): number {
    const byte = this.#input[behind - 1]!;
    if (byte === this.#rowEnd) return behind;
    return this.#classes[byte] === CR && this.#input[behind] === this.#rowEnd ? behind + 1 : -1;
  }

  #cell(column: number): Uint8Array {
    return this.#input.subarray(this.#starts[column]!, this.#starts[column + 1]! - 1);
  }
}

/**
 * Copies the plain bytes of a text from `start` on, `shift` further; returns where they end, or a place behind `last`. Each
 * byte of a word is tested at once: the lowest high bit that comes out set is that of the first byte that is not plain.
 */
function copyText(
  input: DataView,
  start: number,
  out: DataView,
  shift: number,
  last: number,
  delimiter: number,
): number {
  const delimiters = Math.imul(delimiter, ONES);
  let at = start;
  for (; at <= last; at += 4) {
    const word = input.getInt32(at, true);
    out.setInt32(at + shift, word, true);
    const quote = word ^ QUOTES;
    const backslash = word ^ BACKSLASHES;
    const end = word ^ delimiters;
    const found =
      (((quote - ONES) & ~quote) |
        ((backslash - ONES) & ~backslash) |
        ((end - ONES) & ~end) |
        ((word - SPACES) & ~word) |
        word) &
      HIGH_BITS;
    if (found !== 0) return at + bytesBefore(found);
  }
  return at;
}

/** Copies the digits from `start` on, `shift` further; returns where they end, or a place behind `last`. */
function copyDigits(input: DataView, start: number, out: DataView, shift: number, last: number): number {
  let at = start;
  for (; at <= last; at += 4) {
    const word = input.getInt32(at, true);
    out.setInt32(at + shift, word, true);
    // 0 to 9 for digits: what is more carries into the high bit.
    const values = word ^ 0x30303030;
    const found = (((values & 0x7f7f7f7f) + 0x76767676) | values) & HIGH_BITS;
    if (found !== 0) return at + bytesBefore(found);
  }
  return at;
}

/** Copies a number without exponent as JSON writes it; returns where it ends, -1 where there is none. */
function copyNumber(input: DataView, start: number, out: DataView, shift: number, last: number): number {
  let whole = start;
  if (input.getUint8(whole) === 0x2d) out.setUint8(shift + whole++, 0x2d);
  const end = copyDigits(input, whole, out, shift, last);
  if (end === whole || (end - whole > 1 && input.getUint8(whole) === 0x30)) return -1;
  if (input.getUint8(end) !== 0x2e) return end;
  out.setUint8(shift + end, 0x2e);
  const fraction = copyDigits(input, end + 1, out, shift, last);
  return fraction === end + 1 ? -1 : fraction;
}
