import { utf8 } from '../../base/bytes.js';
import { numberEnd, writeEscape, writeNull } from './json-bytes.js';
import type { BadRow, RowBlock } from './row-block.js';
import { firstMalformedUtf8 } from './utf8-check.js';

/** What becomes of a column: kept as text, as a number where the cell is one, or left out. */
export type CsvColumnKind = 'text' | 'number' | 'skip';

/** A file's shape, decided once from its sample. */
export interface CsvLayout {
  /** One byte. */
  readonly delimiter: number;
  /** One byte, `"` as a rule. */
  readonly quote: number;
  /** `cr` for files whose rows end in a bare carriage return; `lf` covers LF and CRLF. */
  readonly rowEnd: 'lf' | 'cr';
  readonly columns: readonly { readonly name: string; readonly kind: CsvColumnKind }[];
  /** Fields that every row gets at its end, as JSON texts. */
  readonly constants: readonly { readonly name: string; readonly json: string }[];
  /** Column whose text becomes the record key, -1 for none. */
  readonly keyColumn: number;
  /** Column whose text becomes the event time, -1 for none. */
  readonly timeColumn: number;
  /** Reads an event time; NaN when the text is none. Called with the cell's text. */
  readonly parseTime?: (text: Uint8Array) => number;
}

const PLAIN = 0;
const HIGH = 1;
const ESCAPE = 2;
const DELIMITER = 3;
const ROW_END = 4;
const CR = 5;

const QUOTE_BYTE = 0x22;
const EXTRA = 3;
const KINDS: Readonly<Record<CsvColumnKind, number>> = { text: 0, number: 1, skip: 2 };
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
  /** Cells per column that did not fit the column's type and stayed text. */
  readonly misfits: Float64Array;

  readonly #layout: CsvLayout;
  readonly #onBad: (bad: BadRow) => void;
  readonly #classes = new Uint8Array(256);
  readonly #kinds: Uint8Array;
  readonly #prefixes: readonly Uint8Array[];
  readonly #words: readonly Int32Array[];
  readonly #suffix: Uint8Array;
  readonly #rowEnd: number;
  readonly #cellStart: Int32Array;
  readonly #cellEnd: Int32Array;

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

  /** @param line line of the first data row. @param onBad told of each row that is no record; may throw. */
  constructor(layout: CsvLayout, line: number, onBad: (bad: BadRow) => void) {
    this.#layout = layout;
    this.line = line;
    this.#onBad = onBad;
    this.#rowEnd = layout.rowEnd === 'cr' ? 0x0d : 0x0a;
    this.#classes.fill(ESCAPE, 0, 0x20);
    this.#classes.fill(HIGH, 0x80);
    this.#classes[0x5c] = ESCAPE;
    this.#classes[QUOTE_BYTE] = ESCAPE;
    if (layout.rowEnd === 'lf') this.#classes[0x0d] = CR;
    this.#classes[layout.delimiter] = DELIMITER;
    this.#classes[this.#rowEnd] = ROW_END;
    this.#kinds = Uint8Array.from(layout.columns, (column) => KINDS[column.kind]);
    this.misfits = new Float64Array(layout.columns.length);
    this.#cellStart = new Int32Array(layout.columns.length + 1);
    this.#cellEnd = new Int32Array(layout.columns.length + 1);
    let first = true;
    this.#prefixes = layout.columns.map((column) => {
      if (column.kind === 'skip') return new Uint8Array(0);
      const text = `${first ? '{' : ','}${JSON.stringify(column.name)}:`;
      first = false;
      return utf8(text);
    });
    this.#words = this.#prefixes.map(asWords);
    const constants = layout.constants.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(',');
    const open = first ? '{' : constants === '' ? '' : ',';
    this.#suffix = utf8(`${open}${constants}}`);
  }

  /**
   * Converts whole rows of `input[start, end)` into `block` until it holds `maxRows`. One byte behind `end` must be
   * free: it is overwritten. With `last` the input's end also ends a row.
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
      const stop = this.#cells(start);
      if (stop < 0) return -1;
      const next = this.#afterRow(stop);
      if (next < 0) return -1;
      // Writes past the end of a typed array are dropped: the row is done again in a larger one.
      if (this.#at + this.#suffix.length + 1 > block.bytes.length) {
        block.reserve(this.#at + this.#suffix.length + 1 - block.used);
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
    const next = this.#afterRow(start);
    if (next > 0) this.line++;
    return next;
  }

  /** Position of the next row, given where this one's cells ended; -1 when that is not known yet. */
  #afterRow(stop: number): number {
    const end = this.#end;
    if (stop >= end) return this.#last ? end : -1;
    if (this.#input[stop] === this.#rowEnd) return stop + 1;
    // A carriage return before the row end; its line feed may be in the next piece.
    if (stop + 1 >= end) return this.#last ? end : -1;
    return stop + 2;
  }

  /** All cells of a row; returns where the last one ends, -1 when the input ends first. */
  #cells(start: number): number {
    const input = this.#input;
    const columns = this.#kinds.length;
    const delimiter = this.#layout.delimiter;
    const quote = this.#layout.quote;
    let at = start;
    for (let field = 0; ; field++) {
      const kind = field < columns ? this.#kinds[field]! : EXTRA;
      if (kind < 2) this.#writeLabel(field);
      const slot = Math.min(field, columns);
      this.#cellStart[slot] = at;
      this.#cellQuoted = false;
      if (input[at] === quote) at = this.#quoted(at, kind, slot);
      else if (kind === 0) at = this.#text(at);
      else if (kind === 1) at = this.#number(at, field);
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
    if (fields === columns) return;
    this.#problem ??= `it has ${fields} ${fields === 1 ? 'field' : 'fields'}, the header has ${columns}`;
  }

  #finish(start: number, stop: number, block: RowBlock): void {
    this.row++;
    const line = this.line;
    this.line += this.#lines + 1;
    let hint: string | undefined;
    if (this.#high && this.#problem === undefined) {
      const bad = firstMalformedUtf8(this.#input, start, stop);
      if (bad >= 0) {
        const byte = this.#input[bad]!.toString(16).padStart(2, '0');
        this.#problem = `byte 0x${byte} at column ${bad - start + 1} of the row is not UTF-8`;
        hint = 'name the encoding, for example --encoding windows-1252';
      }
    }
    const time = this.#problem === undefined ? this.#time() : 0;
    if (this.#problem !== undefined) {
      const bytes = this.#input.subarray(start, stop);
      this.#onBad({ row: this.row, line, reason: this.#problem, fatal: this.#fatal, bytes, ...(hint ? { hint } : {}) });
      return;
    }
    this.#write(this.#suffix);
    block.push(this.#at, this.row, time);
    if (this.#layout.keyColumn >= 0) {
      const key = this.#cellText(this.#layout.keyColumn);
      if (key.length > 0) block.pushKey(key);
    }
  }

  #time(): number {
    const { timeColumn, parseTime } = this.#layout;
    if (timeColumn < 0 || parseTime === undefined) return 0;
    const text = this.#cellText(timeColumn);
    const time = parseTime(text);
    if (Number.isNaN(time)) {
      const shown = new TextDecoder().decode(text);
      this.#problem = `${this.#layout.columns[timeColumn]!.name}: "${shown}" is not a time`;
    }
    return time;
  }

  /** A cell's own text: without quotes, doubled quotes made single. */
  #cellText(column: number): Uint8Array {
    const quote = this.#layout.quote;
    const start = this.#cellStart[column]!;
    const end = this.#cellEnd[column]!;
    if (start >= end || this.#input[start] !== quote) return this.#input.subarray(start, end);
    const raw = this.#input.subarray(start + 1, end);
    const text = new Uint8Array(raw.length);
    let size = 0;
    for (let at = 0; at < raw.length; at++) {
      text[size++] = raw[at]!;
      if (raw[at] === quote) at++;
    }
    return text.subarray(0, size);
  }

  #write(bytes: Uint8Array): void {
    const out = this.#out;
    let at = this.#at;
    for (let index = 0; index < bytes.length; index++) out[at++] = bytes[index]!;
    this.#at = at;
  }

  /** The label of a field, four bytes at a time: up to three bytes too many are overwritten by what follows. */
  #writeLabel(field: number): void {
    const words = this.#words[field]!;
    const at = this.#at;
    if (at + words.length * 4 > this.#out.length) {
      this.#write(this.#prefixes[field]!);
      return;
    }
    const view = this.#view;
    for (let index = 0; index < words.length; index++) view.setInt32(at + index * 4, words[index]!, true);
    this.#at = at + this.#prefixes[field]!.length;
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
    if (at === whole || (input[whole] === 0x30 && at - whole > 1)) return this.#notNumber(start, field);
    let marked = false;
    if (byte === 0x2e) {
      const dot = at;
      do {
        out[target++] = byte;
        byte = input[++at]!;
      } while (byte >= 0x30 && byte <= 0x39);
      if (at === dot + 1) return this.#notNumber(start, field);
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
      if (at === exponent || !marked) return this.#notNumber(start, field);
    }
    while (byte === 0x20) byte = input[++at]!;
    const kind = this.#classes[byte]!;
    if (kind < DELIMITER || (kind === CR && input[at + 1] !== 0x0a)) return this.#notNumber(start, field);
    this.#at = target;
    return at;
  }

  #notNumber(start: number, field: number): number {
    const at = this.#text(start);
    if (at !== start) this.misfits[field]!++;
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
      if (byte === 0x0a || (byte === 0x0d && this.#rowEnd === 0x0d)) this.#lines++;
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
    const out = this.#out;
    let start = from + 1;
    let end = to - 1;
    if (start === end) return writeNull(out, from);
    while (start < end && out[start] === 0x20) start++;
    while (end > start && out[end - 1] === 0x20) end--;
    if (numberEnd(out, start, end) !== end) {
      this.misfits[field]!++;
      return to;
    }
    out.copyWithin(from, start, end);
    return from + end - start;
  }
}

/** The bytes as little-endian words, padded with zeros. */
function asWords(bytes: Uint8Array): Int32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Int32Array.from({ length: padded.length / 4 }, (_, index) => view.getInt32(index * 4, true));
}
