import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import { type CellRange, MAX_COLUMNS, parseCellRange } from './cell-range.js';
import { appendNumberCell, appendTextCell, GrowingBytes, readNumber, takeText } from './cell-text.js';
import { type NumberKind, SerialWriter } from './date-serial.js';
import { PlainCells } from './plain-cells.js';
import type { SharedStrings } from './shared-strings.js';
import { SheetRows } from './sheet-rows.js';
import { CLOSE, END, MORE, OPEN, shortAttribute, TEXT, type XmlScanner } from './xml-scanner.js';

const TAG_ROW = utf8('row');
const TAG_INLINE = utf8('is');
const TAG_PHONETIC = utf8('rPh');
const TAG_SHEET_DATA = utf8('sheetData');
const TAG_DIMENSION = utf8('dimension');
const LETTER_C = 0x63;
const LETTER_R = 0x72;
const LETTER_S = 0x73;
const LETTER_T = 0x74;
const LETTER_V = 0x76;
const EQUALS = 0x3d;

/** Types of cells by the first letters of their attribute `t`. */
const NUMBER = 0;
const SHARED = 1;
const TEXT_CELL = 2;
const BOOLEAN = 3;

const TRUE = utf8('TRUE');
const FALSE = utf8('FALSE');

/** What a sheet's cells refer to. */
export interface SheetContext {
  readonly strings: SharedStrings | undefined;
  /** By style number. */
  readonly styles: readonly NumberKind[];
  readonly is1904: boolean;
  /** Only these cells; the first row with cells in it is the header. */
  readonly range?: CellRange;
}

/**
 * Turns a sheet into CSV, token by token. The first row that is not empty is the header; the table begins in the
 * leftmost column that the sheet says it uses. Formulas give their stored values, dates ISO 8601, errors and booleans
 * the text that is shown; of merged cells the first has the value, the others are empty.
 */
export class SheetCsv {
  readonly #scanner: XmlScanner;
  readonly #context: SheetContext;
  readonly #rows: SheetRows;
  readonly #plain: PlainCells;
  readonly #serials: SerialWriter;
  readonly #value = new GrowingBytes(1024);
  #column = 0;
  #inData = false;
  /** Where a cell may begin: behind the tag of a row, or behind a cell. */
  #atCell = false;
  #inText = false;
  #phonetic = 0;
  #type = NUMBER;
  #kind: NumberKind = 'number';
  #ended = false;

  constructor(scanner: XmlScanner, context: SheetContext) {
    this.#scanner = scanner;
    this.#context = context;
    this.#rows = new SheetRows(context.range);
    this.#serials = new SerialWriter(context.is1904);
    this.#plain = new PlainCells(this.#rows, context.strings, context.styles, this.#serials);
  }

  /** What came out since the caller took it. */
  get out(): GrowingBytes {
    return this.#rows.out;
  }

  /** Cells to the left of the table, which are left out. */
  get outside(): number {
    return this.#rows.outside;
  }

  /** Adds at least `wanted` bytes to `out`, fewer at the sheet's end; false when that is reached. */
  async produce(wanted: number): Promise<boolean> {
    while (!this.#ended) {
      this.#scan(wanted);
      if (this.#ended || this.out.used >= wanted) break;
      await this.#scanner.fill();
    }
    return !this.#ended;
  }

  /** Goes on until enough came out, the sheet ends or more has to be read. */
  #scan(wanted: number): void {
    const scanner = this.#scanner;
    const { out } = this;
    while (!this.#ended && out.used < wanted) {
      if (this.#atCell) scanner.skipTo(this.#plain.take(scanner.bytes, scanner.position, scanner.limit));
      const token = scanner.next();
      if (token === MORE) return;
      if (token === END) this.#ended = true;
      else this.#take(token);
    }
  }

  #take(token: number): void {
    if (token === TEXT) {
      if (this.#inText && this.#phonetic === 0) takeText(this.#scanner, this.#value);
      return;
    }
    const { bytes, nameStart, nameEnd } = this.#scanner;
    const isShort = nameEnd - nameStart === 1;
    const letter = bytes[nameStart]!;
    this.#atCell = false;
    if (!this.#inData) this.#outside(token);
    else if (token === OPEN) {
      if (isShort && letter === LETTER_C) this.#beginCell();
      else if (isShort && (letter === LETTER_V || letter === LETTER_T)) this.#inText = true;
      else this.#open();
    } else if (token === CLOSE) {
      if (isShort && letter === LETTER_C) this.#endCell();
      else if (isShort && (letter === LETTER_V || letter === LETTER_T)) this.#inText = false;
      else this.#close();
    } else if (isShort && letter === LETTER_C) {
      this.#beginCell();
      this.#endCell();
    } else if (this.#scanner.is(TAG_ROW)) {
      this.#beginRow();
      this.#endRow();
    }
  }

  /** Before and behind the rows. */
  #outside(token: number): void {
    if (token === CLOSE) return;
    if (this.#scanner.is(TAG_SHEET_DATA)) this.#inData = token === OPEN;
    else if (this.#scanner.is(TAG_DIMENSION) && this.#rows.first === 0) {
      const reference = this.#scanner.attributes().get('ref') ?? '';
      // One cell says nothing: it is what writers put down that do not know yet.
      if (/^[A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7}$/.test(reference)) {
        this.#rows.first = parseCellRange(reference).firstColumn;
      }
    }
  }

  #open(): void {
    if (this.#scanner.is(TAG_ROW)) this.#beginRow();
    else if (this.#scanner.is(TAG_PHONETIC)) this.#phonetic++;
    else if (this.#scanner.is(TAG_INLINE)) this.#value.used = 0;
  }

  #close(): void {
    if (this.#scanner.is(TAG_ROW)) this.#endRow();
    else if (this.#scanner.is(TAG_PHONETIC)) this.#phonetic--;
    else if (this.#scanner.is(TAG_SHEET_DATA)) this.#ended = true;
  }

  #beginRow(): void {
    const at = shortAttribute(this.#scanner, LETTER_R);
    const row = at < 0 ? this.#rows.row + 1 : readDigits(this.#scanner.bytes, at, this.#scanner.end);
    if (!this.#rows.beginRow(row)) this.#ended = true;
    this.#atCell = true;
  }

  #endRow(): void {
    this.#rows.endRow();
    this.#atCell = false;
  }

  #beginCell(): void {
    const { bytes, start, end } = this.#scanner;
    this.#value.used = 0;
    this.#inText = false;
    this.#type = NUMBER;
    this.#kind = this.#context.styles[0] ?? 'number';
    this.#column = this.#rows.column + 1;
    for (let at = start; at < end; at++) {
      const letter = bytes[at]!;
      if (letter <= 0x20) continue;
      const name = at;
      while (at < end && bytes[at] !== EQUALS) at++;
      const isShort = at - name === 1;
      at++;
      while (at < end && bytes[at]! <= 0x20) at++;
      const mark = bytes[at];
      const value = at + 1;
      for (at = value; at < end && bytes[at] !== mark; ) at++;
      if (isShort) this.#attribute(letter, bytes, value, at);
    }
  }

  #attribute(letter: number, bytes: Uint8Array, start: number, end: number): void {
    if (letter === LETTER_R) this.#column = readColumn(bytes, start, this.#column);
    else if (letter === LETTER_S) this.#kind = this.#context.styles[readDigits(bytes, start, end)] ?? 'number';
    else if (letter === LETTER_T) this.#type = cellType(bytes, start, end);
  }

  #endCell(): void {
    const rows = this.#rows;
    this.#inText = false;
    this.#atCell = true;
    rows.column = this.#column;
    if (this.#value.used === 0) return;
    const { out } = rows;
    const before = out.used;
    if (!rows.beginCell(this.#column)) return;
    const from = out.used;
    this.#write();
    // An empty text is an empty cell.
    if (out.used === from) out.used = before;
    else rows.written = this.#column - rows.first + 1;
  }

  #write(): void {
    const value = this.#value;
    if (this.#type === NUMBER) {
      if (this.#kind === 'number') appendNumberCell(value, this.out);
      else this.#writeDate(this.#kind);
    } else if (this.#type === SHARED) {
      const index = readDigits(value.bytes, 0, value.used);
      if (!this.#context.strings?.append(index, this.out)) {
        throw new StreamctlError(
          'bad-data',
          `a cell in row ${this.#rows.row} of the sheet points to text ${index}, which is not there`,
        );
      }
    } else if (this.#type === BOOLEAN) {
      const word = value.bytes[0] === 0x31 || value.bytes[0] === 0x74 ? TRUE : FALSE;
      this.out.append(word, 0, word.length);
    } else appendTextCell(value, this.out);
  }

  #writeDate(kind: NumberKind): void {
    const value = this.#value;
    if (!this.#serials.append(readNumber(value.bytes, value.used), kind, this.out)) appendNumberCell(value, this.out);
  }
}

/** `s` shared, `str` a formula's text, `inlineStr`, `e` an error, `d` a date in ISO 8601: all text; `b` boolean, `n` number. */
function cellType(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]!;
  if (first === LETTER_S && end - start === 1) return SHARED;
  if (first === 0x62) return BOOLEAN;
  return first === 0x6e ? NUMBER : TEXT_CELL;
}

function readDigits(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
    if (number > 1e12) break;
  }
  return number;
}

/** Column of a reference like `AB12`. */
function readColumn(bytes: Uint8Array, start: number, fallback: number): number {
  let column = 0;
  for (let at = start; ; at++) {
    const letter = bytes[at]! & 0xdf;
    if (!(letter >= 0x41 && letter <= 0x5a)) break;
    column = column * 26 + letter - 0x40;
    if (column > MAX_COLUMNS) {
      throw new StreamctlError('bad-data', 'a cell of the sheet lies beyond the last column');
    }
  }
  return column === 0 ? fallback : column;
}
