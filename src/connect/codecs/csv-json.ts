import { fromUtf8 } from '../../base/bytes.js';
import {
  byteClasses,
  CR,
  type CsvLayout,
  cellText,
  copiedNumbers,
  DELIMITER,
  ESCAPE,
  HIGH,
  KIND_EXTRA,
  kindsOf,
  labelsOf,
  nextRow,
  PLAIN,
  ROW_END,
  type RowLabels,
} from './csv-layout.js';
import { PlainRows } from './csv-plain-rows.js';
import { writeEscape, writeNull } from './json-bytes.js';
import { unquoteNumber } from './local-number.js';
import type { BadRow, RowBlock } from './row-block.js';
import { utf8Problem } from './utf8-check.js';

const QUOTE_BYTE = 0x22;
/** Free bytes that a row begins with; one that needs more is written again into a larger block. */
const ROW_ROOM = 16 * 1024;

/**
 * Turns the bytes of a CSV file straight into JSON texts: each byte is read once and written once. Empty unquoted cells
 * become null; a cell of a number column that is no number stays text (counted in `misfits`), so nothing is lost.
 * @see RFC 4180
 */
export class CsvJson {
  /** Data rows begun so far, bad ones included. */
  row = 0;
  /** Line the next row begins in, from 1. */
  line: number;
  /** Cells of records, per column, that did not fit the column's type and stayed text. */
  readonly misfits: Float64Array;
  readonly #layout: CsvLayout;
  readonly #onBad: (bad: BadRow) => void;
  readonly #classes: Uint8Array;
  readonly #kinds: Uint8Array;
  /** 1 for columns whose numbers can be copied byte by byte. */
  readonly #copied: Uint8Array;
  readonly #labels: RowLabels;
  readonly #rowEnd: number;
  readonly #cellStart: Int32Array;
  readonly #cellEnd: Int32Array;
  readonly #plain: PlainRows;
  #input: Uint8Array = new Uint8Array(1);
  #end = 0;
  #last = false;
  #out: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #high = false;
  #lines = 0;
  #problem: string | undefined;
  #cellQuoted = false;
  #fatal = false;
  /** Columns of the row's cells that do not fit: a row may be begun more than once. */
  #misfits: number[] = [];

  /** @param line line of the first data row. @param onBad told of each row that is no record; may throw. */
  constructor(layout: CsvLayout, line: number, onBad: (bad: BadRow) => void) {
    this.#layout = layout;
    this.line = line;
    this.#onBad = onBad;
    this.#rowEnd = layout.rowEnd === 'cr' ? 0x0d : 0x0a;
    this.#classes = byteClasses(layout);
    this.#kinds = kindsOf(layout);
    this.#copied = copiedNumbers(layout);
    this.misfits = new Float64Array(layout.columns.length);
    this.#cellStart = new Int32Array(layout.columns.length + 1);
    this.#cellEnd = new Int32Array(layout.columns.length + 1);
    this.#labels = labelsOf(layout);
    this.#plain = new PlainRows(layout);
  }

  /**
   * Converts whole rows of `input[start, end)` into `block` until it holds `maxRows`. One byte behind `end` must be
   * free: it is overwritten; where four are, plain rows take half the time. With `last` the input's end also ends a row.
   * @returns position after the last row taken; `start` when there is no whole row.
   */
  convert(input: Uint8Array, start: number, end: number, last: boolean, block: RowBlock, maxRows: number): number {
    this.#input = input;
    this.#end = end;
    this.#last = last;
    // A row end behind the last byte spares every loop its check of the bound.
    input[end] = this.#rowEnd;
    let at = start;
    while (at < end && block.count < maxRows) {
      const before = block.count;
      at = this.#plain.convert(input, at, end, block, maxRows, this.row);
      this.row += block.count - before;
      this.line += block.count - before;
      if (at >= end || block.count >= maxRows) break;
      const next = this.#row(at, block);
      if (next < 0) break;
      at = next;
    }
    return at;
  }

  /** One row; -1 when its end is not there yet. */
  #row(start: number, block: RowBlock): number {
    block.reserve(ROW_ROOM);
    const blank = this.#blankEnd(start);
    if (blank !== 0) return blank;
    for (;;) {
      if (this.#out !== block.bytes) {
        this.#out = block.bytes;
        this.#view = new DataView(block.bytes.buffer);
      }
      this.#at = block.used;
      this.#high = false;
      this.#lines = 0;
      this.#problem = undefined;
      this.#misfits.length = 0;
      const stop = this.#cells(start);
      if (stop < 0) return -1;
      const next = nextRow(this.#input, stop, this.#end, this.#last, this.#rowEnd);
      if (next < 0) return -1;
      // Writes past the end of a typed array are dropped: the row is done again in a larger one.
      const behind = this.#at + this.#labels.suffix.length + 1;
      if (behind > block.bytes.length) {
        block.reserve(behind - block.used);
        continue;
      }
      this.#finish(start, stop, block);
      return next;
    }
  }

  /** Skips an empty line of a file with several columns: returns where it ends, 0 when there is none, -1 when unknown. */
  #blankEnd(start: number): number {
    const first = this.#classes[this.#input[start]!]!;
    if (first < ROW_END || this.#kinds.length < 2) return 0;
    if (first === CR && this.#input[start + 1] !== this.#rowEnd) return 0;
    const next = nextRow(this.#input, start, this.#end, this.#last, this.#rowEnd);
    if (next > 0) this.line++;
    return next;
  }

  /** All cells of a row; returns where the last one ends, -1 when the input ends first. */
  #cells(start: number): number {
    const input = this.#input;
    const columns = this.#kinds.length;
    const delimiter = this.#layout.delimiter;
    const quote = this.#layout.quote;
    let at = start;
    for (let field = 0; ; field++) {
      const kind = field < columns ? this.#kinds[field]! : KIND_EXTRA;
      if (kind < 2) this.#writeLabel(field);
      const slot = Math.min(field, columns);
      this.#cellStart[slot] = at;
      this.#cellQuoted = false;
      if (input[at] === quote) at = this.#quoted(at, kind, slot);
      else if (kind === 0) at = this.#text(at);
      else if (kind === 1) at = this.#copied[field] === 1 ? this.#number(at, field) : this.#notPlain(at, field);
      else at = this.#skip(at);
      if (at < 0) return -1;
      if (!this.#cellQuoted) this.#cellEnd[slot] = at;
      if (at < this.#end && input[at] === delimiter) {
        at++;
        continue;
      }
      if (at < this.#end || this.#last) this.#checkWidth(field + 1);
      return at;
    }
  }

  #checkWidth(fields: number): void {
    const columns = this.#kinds.length;
    if (fields !== columns)
      this.#problem ??= `it has ${fields} ${fields === 1 ? 'field' : 'fields'}, the header has ${columns}`;
  }

  #finish(start: number, stop: number, block: RowBlock): void {
    this.row++;
    const line = this.line;
    this.line += this.#lines + 1;
    const malformed = this.#high && this.#problem === undefined ? utf8Problem(this.#input, start, stop) : undefined;
    this.#problem ??= malformed;
    const time = this.#problem === undefined ? this.#time() : 0;
    if (this.#problem !== undefined) {
      const hint = malformed ? { hint: 'name the encoding, for example --encoding windows-1252' } : {};
      const bytes = this.#input.subarray(start, stop);
      this.#onBad({ row: this.row, line, reason: this.#problem, fatal: this.#fatal, bytes, ...hint });
      return;
    }
    for (const field of this.#misfits) this.misfits[field]!++;
    this.#write(this.#labels.suffix);
    block.push(this.#at, this.row, time);
    if (this.#layout.keyColumn < 0) return;
    const key = this.#textOf(this.#layout.keyColumn);
    if (key.length > 0) block.pushKey(key);
  }

  #time(): number {
    const { timeColumn, parseTime, columns } = this.#layout;
    if (timeColumn < 0 || parseTime === undefined) return 0;
    const text = this.#textOf(timeColumn);
    const time = parseTime(text);
    if (Number.isNaN(time)) this.#problem = `${columns[timeColumn]!.name}: "${fromUtf8(text)}" is not a time`;
    return time;
  }

  #textOf(column: number): Uint8Array {
    return cellText(this.#input, this.#cellStart[column]!, this.#cellEnd[column]!, this.#layout.quote);
  }

  #write(bytes: Uint8Array): void {
    const out = this.#out;
    let at = this.#at;
    for (let index = 0; index < bytes.length; index++) out[at++] = bytes[index]!;
    this.#at = at;
  }

  /** The label of a field, four bytes at a time: up to three bytes too many are overwritten by what follows. */
  #writeLabel(field: number): void {
    const label = this.#labels.labels[field]!;
    const words = this.#labels.words[field]!;
    const at = this.#at;
    if (at + words.length * 4 > this.#out.length) {
      this.#write(label);
      return;
    }
    const view = this.#view;
    for (let index = 0; index < words.length; index++) view.setInt32(at + index * 4, words[index]!, true);
    this.#at = at + label.length;
  }

  #text(start: number): number {
    const input = this.#input;
    const classes = this.#classes;
    const out = this.#out;
    let at = start;
    let target = this.#at;
    out[target++] = QUOTE_BYTE;
    for (;;) {
      const byte = input[at]!;
      const kind = classes[byte]!;
      if (kind === PLAIN) {
        out[target++] = byte;
        at++;
        continue;
      }
      if (kind === HIGH) {
        this.#high = true;
        out[target++] = byte;
      } else if (kind === ESCAPE) target = writeEscape(out, target, byte);
      else if (kind !== CR || input[at + 1] === 0x0a) break;
      else target = writeEscape(out, target, byte);
      at++;
    }
    if (at === start) this.#at = writeNull(out, this.#at);
    else {
      out[target] = QUOTE_BYTE;
      this.#at = target + 1;
    }
    return at;
  }

  /** A cell of a number column: copied as it stands when it is a number, spaces around it left out. */
  #number(start: number, field: number): number {
    const input = this.#input;
    const out = this.#out;
    let at = start;
    let target = this.#at;
    while (input[at] === 0x20) at++;
    let byte = input[at]!;
    if (byte === 0x2d) {
      out[target++] = byte;
      byte = input[++at]!;
    }
    const whole = at;
    while (byte >= 0x30 && byte <= 0x39) {
      out[target++] = byte;
      byte = input[++at]!;
    }
    if (at === whole || (input[whole] === 0x30 && at - whole > 1)) return this.#notPlain(start, field);
    let marked = false;
    if (byte === 0x2e) {
      const dot = at;
      do {
        out[target++] = byte;
        byte = input[++at]!;
      } while (byte >= 0x30 && byte <= 0x39);
      if (at === dot + 1) return this.#notPlain(start, field);
      marked = true;
    }
    if ((byte | 0x20) === 0x65) {
      out[target++] = byte;
      byte = input[++at]!;
      if (byte === 0x2b || byte === 0x2d) {
        marked = true;
        out[target++] = byte;
        byte = input[++at]!;
      }
      const exponent = at;
      while (byte >= 0x30 && byte <= 0x39) {
        out[target++] = byte;
        byte = input[++at]!;
      }
      if (at === exponent || !marked) return this.#notPlain(start, field);
    }
    while (byte === 0x20) byte = input[++at]!;
    const kind = this.#classes[byte]!;
    if (kind < DELIMITER || (kind === CR && input[at + 1] !== 0x0a)) return this.#notPlain(start, field);
    this.#at = target;
    return at;
  }

  /** A cell that is no number as JSON writes it: as people write it, or else text. */
  #notPlain(start: number, field: number): number {
    const from = this.#at;
    const at = this.#text(start);
    if (at !== start) this.#at = this.#unquoteNumber(from, this.#at, 1, field);
    return at;
  }

  #skip(start: number): number {
    const input = this.#input;
    const classes = this.#classes;
    let at = start;
    for (;;) {
      const kind = classes[input[at]!]!;
      if (kind === HIGH) this.#high = true;
      else if (kind >= DELIMITER && (kind !== CR || input[at + 1] === 0x0a)) return at;
      at++;
    }
  }

  /** A quoted cell, from its opening quote to behind its closing one; -1 when that is not there yet. */
  #quoted(start: number, kind: number, slot: number): number {
    const input = this.#input;
    const classes = this.#classes;
    const quote = this.#layout.quote;
    const out = this.#out;
    const keep = kind < 2;
    const openedAt = this.line + this.#lines;
    let target = this.#at;
    let at = start + 1;
    if (keep) out[target++] = QUOTE_BYTE;
    for (;;) {
      const byte = input[at]!;
      const byteKind = classes[byte]!;
      if (byteKind === PLAIN && byte !== quote) {
        if (keep) out[target++] = byte;
        at++;
        continue;
      }
      if (at >= this.#end) {
        if (!this.#last) return -1;
        this.#problem ??= `the quote opened at line ${openedAt} is never closed`;
        this.#fatal = true;
        break;
      }
      if (byte === quote) {
        if (input[at + 1] !== quote || at + 1 >= this.#end) break;
        at++;
      }
      if (byte === this.#rowEnd) this.#lines++;
      if (byteKind === HIGH) this.#high = true;
      if (keep) {
        if (byteKind === ESCAPE || byte < 0x20 || byte === QUOTE_BYTE) target = writeEscape(out, target, byte);
        else out[target++] = byte;
      }
      at++;
    }
    this.#cellEnd[slot] = at;
    this.#cellQuoted = true;
    if (keep) {
      out[target] = QUOTE_BYTE;
      this.#at = this.#unquoteNumber(this.#at, target + 1, kind, slot);
    }
    return at >= this.#end ? at : this.#afterQuote(at + 1, slot);
  }

  /** What may follow a closing quote is the end of the cell; anything else spoils the row. */
  #afterQuote(start: number, slot: number): number {
    const kind = start >= this.#end ? ROW_END : this.#classes[this.#input[start]!]!;
    if (kind >= DELIMITER && (kind !== CR || this.#input[start + 1] === 0x0a)) return start;
    this.#problem ??= `text follows the closing quote of field ${slot + 1}`;
    return this.#skip(start);
  }

  /** Takes the quotes off a cell of a number column that holds a number; returns where its JSON ends. */
  #unquoteNumber(from: number, to: number, kind: number, field: number): number {
    if (kind !== 1) return to;
    if (to - from === 2) return writeNull(this.#out, from);
    const end = unquoteNumber(this.#out, from, to, this.#layout.columns[field]!.decimal ?? 'dot');
    if (end >= 0) return end;
    this.#misfits.push(field);
    return to;
  }
}
