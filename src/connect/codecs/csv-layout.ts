import { utf8 } from '../../base/bytes.js';
import type { DecimalMark } from './local-number.js';

/** What becomes of a column: kept as text, as a number where the cell is one, or left out. */
export type CsvColumnKind = 'text' | 'number' | 'skip';

/** A file's shape, decided once from its sample. */
export interface CsvLayout {
  /** One byte. */
  readonly delimiter: number;
  /** One byte, `"` as a rule; -1 where quotes mean nothing. */
  readonly quote: number;
  /** `cr` for files whose rows end in a bare carriage return; `lf` covers LF and CRLF. */
  readonly rowEnd: 'lf' | 'cr';
  readonly columns: readonly {
    readonly name: string;
    readonly kind: CsvColumnKind;
    /** How the numbers of a number column are written: a dot where nothing is said. */
    readonly decimal?: DecimalMark;
  }[];
  /** Fields that every row gets at its end, as JSON texts. */
  readonly constants: readonly { readonly name: string; readonly json: string }[];
  /** Column whose text becomes the record key, -1 for none. */
  readonly keyColumn: number;
  /** Column whose text becomes the event time, -1 for none. */
  readonly timeColumn: number;
  /** Reads an event time; NaN when the text is none. Called with the cell's text. */
  readonly parseTime?: (text: Uint8Array) => number;
}

/** Classes of bytes: what a byte of an unquoted cell means. From {@link DELIMITER} on it ends the cell. */
export const PLAIN = 0;
/** Not ASCII. */
export const HIGH = 1;
/** JSON has to escape it. */
export const ESCAPE = 2;
/** Ends a cell. */
export const DELIMITER = 3;
/** Ends a row. */
export const ROW_END = 4;
/** A carriage return, which may be part of a row's end. */
export const CR = 5;

/** Bytes that numbers and the spaces around them are made of: where one of them ends cells, a number is read as text first. */
const NUMBER_BYTES = utf8('0123456789+-.eE ');

/** 1 for columns whose numbers can be copied byte by byte. */
export function copiedNumbers({ columns, delimiter }: CsvLayout): Uint8Array {
  return Uint8Array.from(columns, ({ decimal }) => (decimal === 'comma' || NUMBER_BYTES.includes(delimiter) ? 0 : 1));
}

const QUOTE_BYTE = 0x22;
const KINDS: Readonly<Record<CsvColumnKind, number>> = { text: 0, number: 1, skip: 2 };
/** Kind of a cell beyond the header's last column. */
export const KIND_EXTRA = 3;

/** Class of each byte value in files of `layout`. */
export function byteClasses({ rowEnd, delimiter }: CsvLayout): Uint8Array {
  const classes = new Uint8Array(256);
  classes.fill(ESCAPE, 0, 0x20);
  classes.fill(HIGH, 0x80);
  classes[0x5c] = ESCAPE;
  classes[QUOTE_BYTE] = ESCAPE;
  if (rowEnd === 'lf') classes[0x0d] = CR;
  classes[delimiter] = DELIMITER;
  classes[rowEnd === 'cr' ? 0x0d : 0x0a] = ROW_END;
  return classes;
}

/** Kind of each column: 0 text, 1 number, 2 left out. */
export function kindsOf({ columns }: CsvLayout): Uint8Array {
  return Uint8Array.from(columns, ({ kind }) => KINDS[kind]);
}

/** The constant parts of a row's JSON text. */
export interface RowLabels {
  /** `{"name":` or `,"name":` per column; empty for columns that are left out. */
  readonly labels: readonly Uint8Array[];
  /** The labels as little-endian words, padded with zeros: four bytes are written at a time. */
  readonly words: readonly Int32Array[];
  /** Added fields and the closing brace. */
  readonly suffix: Uint8Array;
}

/** The constant parts of the rows of `layout`. */
export function labelsOf({ columns, constants }: CsvLayout): RowLabels {
  let first = true;
  const labels = columns.map(({ name, kind }) => {
    if (kind === 'skip') return new Uint8Array(0);
    const text = `${first ? '{' : ','}${JSON.stringify(name)}:`;
    first = false;
    return utf8(text);
  });
  const added = constants.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(',');
  const open = first ? '{' : added === '' ? '' : ',';
  return { labels, words: labels.map(asWords), suffix: utf8(`${open}${added}}`) };
}

/** Bytes as little-endian words, padded with zeros. */
export function asWords(bytes: Uint8Array): Int32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Int32Array.from({ length: padded.length / 4 }, (_, index) => view.getInt32(index * 4, true));
}

/**
 * Position of the next row, given where the cells of one ended: at a row end, a carriage return before one, or the input's
 * `end`, which ends a row when it is the `last`. -1 when it is not known yet.
 */
export function nextRow(input: Uint8Array, stop: number, end: number, last: boolean, rowEnd: number): number {
  if (stop >= end) return last ? end : -1;
  if (input[stop] === rowEnd) return stop + 1;
  // The line feed behind a carriage return may be in the next piece.
  if (stop + 1 >= end) return last ? end : -1;
  return stop + 2;
}

/** The text of the cell in `input[start, end)`: without its opening quote (the closing one is outside), doubled ones made single. */
export function cellText(input: Uint8Array, start: number, end: number, quote: number): Uint8Array {
  if (start >= end || input[start] !== quote) return input.subarray(start, end);
  const raw = input.subarray(start + 1, end);
  const text = new Uint8Array(raw.length);
  let size = 0;
  for (let at = 0; at < raw.length; at++) {
    text[size++] = raw[at]!;
    if (raw[at] === quote) at++;
  }
  return text.subarray(0, size);
}
