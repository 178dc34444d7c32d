import { EXACT_DIGITS } from './cell-text.js';
import type { NumberKind, SerialWriter } from './date-serial.js';
import type { SharedStrings } from './shared-strings.js';
import { SHEET_DELIMITER, type SheetRows } from './sheet-rows.js';

const SPACE = 0x20;
const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const LETTER_C = 0x63;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;
const LETTER_S = 0x73;
const LETTER_T = 0x74;
const LETTER_V = 0x76;
/** Bytes that a number or a date takes at most, its delimiter included. */
const VALUE_ROOM = 64;

/**
 * Takes cells that are written letter by letter as nearly all programs write them:
 * `<c r="B2" s="1" t="s"><v>12</v></c>`, with a shared text, a short number or a whole day in them. Nothing is written
 * before a cell has been seen to its end, so whatever looks otherwise can be left to the reader of tokens.
 */
export class PlainCells {
  readonly #rows: SheetRows;
  readonly #strings: SharedStrings | undefined;
  readonly #styles: readonly NumberKind[];
  readonly #serials: SerialWriter;
  #bytes: Uint8Array = new Uint8Array(0);
  #limit = 0;
  /** Of the cell at hand: its style, whether it holds the number of a shared text, and its column. */
  #style = 0;
  #isShared = false;
  #column = 0;

  constructor(
    rows: SheetRows,
    strings: SharedStrings | undefined,
    styles: readonly NumberKind[],
    serials: SerialWriter,
  ) {
    this.#rows = rows;
    this.#strings = strings;
    this.#styles = styles;
    this.#serials = serials;
  }

  /** Takes cells of the row at hand from `bytes[from, limit)`; returns where the first one begins that was left. */
  take(bytes: Uint8Array, from: number, limit: number): number {
    const rows = this.#rows;
    if (rows.first === 0 || rows.row < rows.range.firstRow || rows.row > rows.range.lastRow) return from;
    const firstColumn = Math.max(rows.first, rows.range.firstColumn);
    const { lastColumn } = rows.range;
    this.#bytes = bytes;
    this.#limit = limit;
    for (let at = from; ; ) {
      const value = this.#head(at);
      if (value < 0) return at;
      const column = this.#column;
      // What stands left of the table, or in a place that was written, is for the other reader to judge.
      if (column < firstColumn || column > lastColumn || column - rows.first < rows.written) return at;
      if (bytes[value] === SLASH) {
        if (value + 2 > limit) return at;
        rows.column = column;
        at = value + 2;
        continue;
      }
      const next = this.#isShared ? this.#shared(value) : this.#number(value);
      if (next < 0) return at;
      rows.column = column;
      at = next;
    }
  }

  /** Reads a cell's tag: returns where its value begins, or the `/>` of an empty one; -1 for what is not plain. */
  #head(start: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== LESS || bytes[start + 1] !== LETTER_C || bytes[start + 2] !== SPACE) return -1;
    if (bytes[start + 3] !== LETTER_R || bytes[start + 4] !== EQUALS || bytes[start + 5] !== QUOTE) return -1;
    let at = start + 6;
    let byte = bytes[at]!;
    let column = 0;
    for (; byte >= 0x41 && byte <= 0x5a && column < 0xffff; byte = bytes[++at]!) column = column * 26 + byte - 0x40;
    while (byte >= ZERO && byte <= 0x39) byte = bytes[++at]!;
    if (byte !== QUOTE) return -1;
    this.#column = column;
    this.#style = 0;
    this.#isShared = false;
    for (byte = bytes[++at]!; byte === SPACE; byte = bytes[++at]!) {
      at = this.#attribute(at);
      if (at < 0) return -1;
    }
    if (byte === SLASH && bytes[at + 1] === GREATER) return at;
    const isValue = bytes[at + 1] === LESS && bytes[at + 2] === LETTER_V && bytes[at + 3] === GREATER;
    return byte === GREATER && isValue ? at + 4 : -1;
  }

  /** Reads an attribute from the space before it: returns where its closing quote is, -1 for one that is not plain. */
  #attribute(start: number): number {
    const bytes = this.#bytes;
    const name = bytes[start + 1];
    if (bytes[start + 2] !== EQUALS || bytes[start + 3] !== QUOTE) return -1;
    let at = start + 4;
    let byte = bytes[at]!;
    if (name === LETTER_S) {
      let style = 0;
      for (; byte >= ZERO && byte <= 0x39 && style < 0xffffff; byte = bytes[++at]!) style = style * 10 + byte - ZERO;
      this.#style = style;
    } else if (name === LETTER_T && (byte === LETTER_S || byte === LETTER_N)) {
      this.#isShared = byte === LETTER_S;
      byte = bytes[++at]!;
    } else return -1;
    return byte === QUOTE ? at : -1;
  }

  /** Behind `</v></c>` at `at`; -1 when something else stands there, or not all of it is there yet. */
  #behind(at: number): number {
    const bytes = this.#bytes;
    const isValueEnd = bytes[at] === LESS && bytes[at + 1] === SLASH && bytes[at + 2] === LETTER_V;
    if (!isValueEnd || bytes[at + 3] !== GREATER || bytes[at + 4] !== LESS || bytes[at + 5] !== SLASH) return -1;
    return bytes[at + 6] === LETTER_C && bytes[at + 7] === GREATER && at + 8 <= this.#limit ? at + 8 : -1;
  }

  #shared(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let index = 0;
    for (let byte = bytes[at]!; byte >= ZERO && byte <= 0x39 && index < 1e12; byte = bytes[++at]!) {
      index = index * 10 + byte - ZERO;
    }
    const next = at === start ? -1 : this.#behind(at);
    const strings = this.#strings;
    if (next < 0 || strings === undefined || index >= strings.count) return -1;
    const { out } = this.#rows;
    const before = out.used;
    this.#delimit();
    const from = out.used;
    strings.append(index, out);
    // An empty text is an empty cell.
    if (out.used === from) out.used = before;
    else this.#rows.written = this.#column - this.#rows.first + 1;
    return next;
  }

  #number(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    if (bytes[at] === MINUS) at++;
    const whole = at;
    let number = 0;
    let byte = bytes[at]!;
    for (; byte >= ZERO && byte <= 0x39 && at - whole < EXACT_DIGITS; byte = bytes[++at]!) {
      number = number * 10 + byte - ZERO;
    }
    const digits = at - whole;
    // Codes and -0 are not plain.
    if (digits === 0 || (bytes[whole] === ZERO && (digits > 1 || (byte !== DOT && whole > start)))) return -1;
    const kind = this.#styles[this.#style] ?? 'number';
    if (kind !== 'number') return whole === start ? this.#day(at, number, kind) : -1;
    if (byte === DOT) {
      const fraction = ++at;
      for (byte = bytes[at]!; byte >= ZERO && byte <= 0x39; byte = bytes[++at]!);
      // Zeros at the end go away, small numbers are written 1e-7, long ones get shorter.
      if (at === fraction || bytes[at - 1] === ZERO || at - whole > EXACT_DIGITS) return -1;
      if (bytes[whole] === ZERO && bytes[fraction] === ZERO) return -1;
    }
    const next = this.#behind(at);
    if (next < 0) return -1;
    this.#delimit();
    const { out } = this.#rows;
    const target = out.bytes;
    let to = out.used;
    for (let from = start; from < at; from++) target[to++] = bytes[from]!;
    out.used = to;
    this.#rows.written = this.#column - this.#rows.first + 1;
    return next;
  }

  /** A whole day: what has a time of day, or is none, is left. */
  #day(at: number, serial: number, kind: NumberKind): number {
    const next = kind === 'date' ? this.#behind(at) : -1;
    const text = next < 0 ? undefined : this.#serials.midnight(serial);
    if (text === undefined) return -1;
    this.#delimit();
    const { out } = this.#rows;
    out.append(text, 0, text.length);
    this.#rows.written = this.#column - this.#rows.first + 1;
    return next;
  }

  /** Writes the delimiters before the cell at hand and makes room for its value. */
  #delimit(): void {
    const { out, written, first } = this.#rows;
    const place = this.#column - first;
    const count = written === 0 ? place : place - written + 1;
    if (out.used + count + VALUE_ROOM > out.bytes.length) out.reserve(count + VALUE_ROOM);
    const { bytes } = out;
    let to = out.used;
    for (let left = count; left > 0; left--) bytes[to++] = SHEET_DELIMITER;
    out.used = to;
  }
}
