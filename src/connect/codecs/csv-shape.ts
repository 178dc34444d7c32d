import { fromUtf8 } from '../../base/bytes.js';
import { StreamctlError } from '../../base/errors.js';
import { type CsvMarks, type CsvRow, csvRows } from './csv-rows.js';
import { numberEnd } from './json-bytes.js';

const CANDIDATES = [0x2c, 0x3b, 0x09, 0x7c];
const DETECTION_ROWS = 200;
const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
};

/** A column as its sample shows it. */
export interface CsvColumn {
  readonly name: string;
  /** `bigint` and `double` are both copied as they stand; `text` also for columns without a value. */
  readonly type: 'text' | 'bigint' | 'double';
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
  readonly rowEnd?: CsvMarks['rowEnd'];
  /** A cell in quotes is text, even where it looks like a number: the writer knew the types. */
  readonly quotedIsText?: boolean;
  /** Pieces from further inside the file, each beginning in the middle of some row: they only take part in types. */
  readonly more?: readonly Uint8Array[];
}

/**
 * Decides delimiter, columns and their types from the head of a file (UTF-8, without its mark).
 * @param head the first bytes; `complete` when they are the whole file.
 * @throws `bad-data` for an empty file, a header alone, a quote left open in the header, two columns of one name.
 */
export function detectCsv(head: Uint8Array, complete: boolean, options: KnownShape = {}): CsvShape {
  const rowEnd = options.rowEnd ?? (!head.includes(0x0a) && head.includes(0x0d) ? 'cr' : 'lf');
  const delimiter = options.delimiter ?? detectDelimiter(head, rowEnd, complete);
  const marks: CsvMarks = { delimiter, quote: 0x22, rowEnd };
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
  const types: SeenTypes = {
    seen: new Array<undefined>(names.length).fill(undefined),
    rows: 0,
    quotedIsText: options.quotedIsText ?? false,
  };
  for (const row of rows) takeRow(row, types);
  if (types.rows === 0 && complete && header.next >= head.length) {
    throw new StreamctlError('bad-data', 'the file has a header and no rows', {
      detail: `columns: ${names.join(', ')}`,
    });
  }
  for (const piece of options.more ?? []) inferMore(piece, marks, types);
  return {
    marks,
    columns: names.map((name, index) => ({ name, type: types.seen[index] ?? 'text' })),
    headerBytes: header.next,
    firstLine: countLines(head, header.next, rowEnd) + 1,
  };
}

function detectDelimiter(head: Uint8Array, rowEnd: 'lf' | 'cr', complete: boolean): number {
  let best = 0x2c;
  let bestScore = 0;
  for (const delimiter of CANDIDATES) {
    let columns = 0;
    let total = 0;
    let fitting = 0;
    for (const row of csvRows(head, { delimiter, quote: 0x22, rowEnd }, complete)) {
      if (total === 0) columns = row.cells.length;
      total++;
      if (row.cells.length === columns && !row.open) fitting++;
      if (total === DETECTION_ROWS) break;
    }
    // Few columns that hold for every row beat many that do not.
    const score = columns < 2 ? 0 : (fitting / total) ** 2 * columns;
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
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

interface SeenTypes {
  readonly seen: ('text' | 'bigint' | 'double' | undefined)[];
  rows: number;
  readonly quotedIsText: boolean;
}

/** A piece from inside a file begins at an unknown place: rows count only from the first one that has the right width. */
function inferMore(piece: Uint8Array, marks: CsvMarks, types: SeenTypes): void {
  const begin = piece.indexOf(marks.rowEnd === 'cr' ? 0x0d : 0x0a) + 1;
  for (const row of csvRows(piece.subarray(begin), marks, false)) takeRow(row, types);
}

function takeRow(row: CsvRow, types: SeenTypes): void {
  types.rows++;
  if (row.cells.length !== types.seen.length || row.open) return;
  for (let index = 0; index < row.cells.length; index++) {
    if (types.seen[index] === 'text') continue;
    const { text, quoted } = row.cells[index]!;
    const kind = quoted && types.quotedIsText && text.length > 0 ? 'text' : cellType(text);
    if (kind !== undefined && types.seen[index] !== 'double') types.seen[index] = kind;
    else if (kind === 'text') types.seen[index] = 'text';
  }
}

function cellType(text: Uint8Array): 'text' | 'bigint' | 'double' | undefined {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === 0x20) start++;
  while (end > start && text[end - 1] === 0x20) end--;
  if (text.length === 0) return undefined;
  if (start === end || numberEnd(text, start, end) !== end) return 'text';
  for (let at = start; at < end; at++) if (text[at]! === 0x2e || (text[at]! | 0x20) === 0x65) return 'double';
  return 'bigint';
}

function countLines(bytes: Uint8Array, end: number, rowEnd: 'lf' | 'cr'): number {
  const mark = rowEnd === 'cr' ? 0x0d : 0x0a;
  let lines = 0;
  for (let at = 0; at < end; at++) if (bytes[at] === mark) lines++;
  return lines;
}
