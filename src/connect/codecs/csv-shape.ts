import { fromUtf8 } from '../../base/bytes.js';
import { StreamctlError } from '../../base/errors.js';
import { type ColumnType, ColumnTypes } from './column-types.js';
import { type CsvMarks, type CsvRow, csvRows } from './csv-rows.js';
import type { DecimalMark } from './local-number.js';

const CANDIDATES = [0x2c, 0x3b, 0x09, 0x7c];
const DETECTION_ROWS = 200;
/** Rows of the head, and of each further piece where there are some, that say what the columns are. */
const HEAD_ROWS = 2_000;
const PIECE_ROWS = 64;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
};

/** A column as its sample shows it. */
export interface CsvColumn extends ColumnType {
  readonly name: string;
}

/** What a file looks like, decided once from its sample. */
export interface CsvShape {
  readonly marks: CsvMarks;
  readonly columns: readonly CsvColumn[];
  /** Bytes of the header row, its end included. */
  readonly headerBytes: number;
  /** Line of the first data row. */
  readonly firstLine: number;
}

/** Reads `--delimiter`: one character or its name; undefined for `auto`. @throws `usage` */
export function parseDelimiter(text: string): number | undefined {
  if (text === 'auto') return undefined;
  const character = DELIMITER_NAMES[text] ?? text;
  const byte = character.charCodeAt(0);
  if (character.length !== 1 || byte > 0x7e || byte === 0x22 || byte === 0x0a || byte === 0x0d) {
    throw new StreamctlError('usage', `"${text}" cannot be a delimiter`, {
      hint: 'write one character, or comma, semicolon, tab, pipe, auto',
    });
  }
  return byte;
}

/** What is known of a file before its sample is looked at. */
export interface KnownShape {
  readonly delimiter?: number;
  /** -1 where quotes mean nothing. */
  readonly quote?: number;
  readonly rowEnd?: CsvMarks['rowEnd'];
  readonly decimal?: DecimalMark;
  /** A cell in quotes is text, even where it looks like a number: the writer knew the types. */
  readonly quotedIsText?: boolean;
  /** Pieces from further inside the file, each beginning in the middle of some row: they only take part in types. */
  readonly more?: readonly Uint8Array[];
}

/** Reads `--quote`: `"`, `'` or `none`; undefined for `auto`. @throws `usage` */
export function parseQuote(text: string): number | undefined {
  if (text === 'auto') return undefined;
  if (text === 'none') return -1;
  if (text === '"' || text === "'") return text.charCodeAt(0);
  throw new StreamctlError('usage', `"${text}" cannot be a quote`, { hint: `write ", ', none or auto` });
}

/** Reads `--decimal`: the mark or its name; undefined for `auto`. @throws `usage` */
export function parseDecimal(text: string): DecimalMark | undefined {
  if (text === 'auto') return undefined;
  if (text === 'dot' || text === '.') return 'dot';
  if (text === 'comma' || text === ',') return 'comma';
  throw new StreamctlError('usage', `--decimal: "${text}" is not a decimal mark`, { hint: 'write dot, comma or auto' });
}

/**
 * Decides delimiter, columns and their types from the head of a file (UTF-8, without its mark).
 * @param head the first bytes; `complete` when they are the whole file.
 * @throws `bad-data` for an empty file, a header alone, a quote left open in the header, two columns of one name.
 */
export function detectCsv(head: Uint8Array, complete: boolean, options: KnownShape = {}): CsvShape {
  const rowEnd = options.rowEnd ?? detectRowEnd(head, options.quote ?? QUOTE);
  const quote = options.quote ?? detectQuote(head, rowEnd, complete, options.delimiter);
  const delimiter = options.delimiter ?? detectDelimiter(head, { quote, rowEnd }, complete);
  const marks: CsvMarks = { delimiter, quote, rowEnd };
  const rows = csvRows(head, marks, complete);
  const header = rows.next().value;
  if (!header) {
    throw new StreamctlError('bad-data', head.length === 0 ? 'the file is empty' : 'the file has no header row', {
      detail:
        head.length === 0
          ? 'not even a header row is in it'
          : 'it holds empty lines only, or its first row does not end',
    });
  }
  if (header.open) {
    throw new StreamctlError('bad-data', `the quote opened in the header, line ${header.line}, is never closed`, {
      hint: 'put a closing quote behind the column name',
    });
  }
  const names = columnNames(header);
  const headerBytes = header.next;
  const types = new ColumnTypes(names.length, options.quotedIsText ?? false);
  const pieces = options.more ?? [];
  takeRows(rows, pieces.length === 0 ? Number.POSITIVE_INFINITY : HEAD_ROWS, types);
  if (types.rows === 0 && complete && headerBytes >= head.length) {
    throw new StreamctlError('bad-data', 'the file has a header and no rows', {
      detail: `columns: ${names.join(', ')}`,
    });
  }
  for (const piece of pieces) takeMore(piece, marks, types);
  return {
    marks,
    columns: types.decide(options.decimal, delimiter).map((type, index) => ({ name: names[index]!, ...type })),
    headerBytes,
    firstLine: countLines(head, headerBytes, rowEnd) + 1,
  };
}

function detectDelimiter(head: Uint8Array, marks: Omit<CsvMarks, 'delimiter'>, complete: boolean): number {
  let best = 0x2c;
  let bestScore = 0;
  for (const delimiter of CANDIDATES) {
    const score = fitness(head, { ...marks, delimiter }, complete);
    if (score <= bestScore) continue;
    best = delimiter;
    bestScore = score;
  }
  return best;
}

/** How well marks fit: few columns that hold for every row beat many that do not. */
function fitness(head: Uint8Array, marks: CsvMarks, complete: boolean): number {
  let columns = 0;
  let total = 0;
  let fitting = 0;
  for (const row of csvRows(head, marks, complete)) {
    if (total === 0) columns = row.width;
    total++;
    if (row.width === columns && !row.open) fitting++;
    if (total === DETECTION_ROWS) break;
  }
  return columns < 2 ? 0 : (fitting / total) ** 2 * columns;
}

/** Rows end in a bare carriage return where one stands outside of quotes, and no line feed does: cells may hold those. */
function detectRowEnd(head: Uint8Array, quote: number): 'lf' | 'cr' {
  let isQuoted = false;
  let found: 'lf' | 'cr' = 'lf';
  for (let at = 0; at < head.length; at++) {
    const byte = head[at];
    if (byte === quote) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (byte === 0x0a) return 'lf';
    else if (byte === 0x0d) found = 'cr';
  }
  return found;
}

/**
 * Cells are quoted with `"`, unless no cell is and `'` explains the file better: cells begin and end with it, and the rows
 * come out more even.
 */
function detectQuote(head: Uint8Array, rowEnd: 'lf' | 'cr', complete: boolean, forced: number | undefined): number {
  const candidates = forced === undefined ? CANDIDATES : [forced];
  const best = (quote: number): number =>
    Math.max(...candidates.map((delimiter) => fitness(head, { delimiter, quote, rowEnd }, complete)));
  if (!head.includes(APOSTROPHE)) return QUOTE;
  const delimiter = forced ?? detectDelimiter(head, { quote: APOSTROPHE, rowEnd }, complete);
  let quoted = 0;
  let rows = 0;
  for (const row of csvRows(head, { delimiter, quote: APOSTROPHE, rowEnd }, complete)) {
    if (row.open || row.cells.some((cell) => cell.torn || (!cell.quoted && cell.text[0] === QUOTE))) return QUOTE;
    if (row.cells.some((cell) => cell.quoted)) quoted++;
    if (++rows === DETECTION_ROWS) break;
  }
  return quoted * 2 > rows && best(APOSTROPHE) >= best(QUOTE) ? APOSTROPHE : QUOTE;
}

function columnNames(header: CsvRow): string[] {
  const names = header.cells.map((cell, index) => fromUtf8(cell.text) || `column_${index + 1}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new StreamctlError('bad-data', `two columns are named "${twice}"`, {
      detail: `fields ${names.indexOf(twice) + 1} and ${names.lastIndexOf(twice) + 1} of the header, line ${header.line}`,
      hint: 'give each column of the header a name of its own',
    });
  }
  return names;
}

/** A piece from inside a file begins at an unknown place: rows count only from the first one that has the right width. */
function takeMore(piece: Uint8Array, marks: CsvMarks, types: ColumnTypes): void {
  const begin = piece.indexOf(marks.rowEnd === 'cr' ? 0x0d : 0x0a) + 1;
  takeRows(csvRows(piece.subarray(begin), marks, false), PIECE_ROWS, types);
}

function takeRows(rows: Iterable<CsvRow>, atMost: number, types: ColumnTypes): void {
  let taken = 0;
  for (const row of rows) {
    types.take(row);
    if (++taken >= atMost) return;
  }
}

function countLines(bytes: Uint8Array, end: number, rowEnd: 'lf' | 'cr'): number {
  const mark = rowEnd === 'cr' ? 0x0d : 0x0a;
  let lines = 0;
  for (let at = 0; at < end; at++) if (bytes[at] === mark) lines++;
  return lines;
}
