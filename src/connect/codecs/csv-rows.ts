/** A cell as it was read: its own text, and whether it stood in quotes. */
export interface CsvCell {
  readonly text: Uint8Array;
  readonly quoted: boolean;
  /** Text follows its closing quote. */
  readonly torn: boolean;
}

/** A row of a sample. */
export interface CsvRow {
  readonly cells: readonly CsvCell[];
  /** Line it begins in, from 1. */
  readonly line: number;
  readonly start: number;
  /** Where the next row begins. */
  readonly next: number;
  /** A quote was opened and never closed. */
  readonly open: boolean;
}

/** How the cells and rows of a file are told apart. */
export interface CsvMarks {
  readonly delimiter: number;
  /** -1 where quotes mean nothing. */
  readonly quote: number;
  readonly rowEnd: 'lf' | 'cr';
}

/**
 * Rows of a piece of a file, one at a time: for headers, detection and inference, where clarity counts more than speed.
 * Empty lines are left out of files with several columns. A row without its end is given only when `complete`.
 */
export function* csvRows(bytes: Uint8Array, marks: CsvMarks, complete: boolean): Generator<CsvRow, void, undefined> {
  let at = 0;
  let line = 1;
  while (at < bytes.length) {
    const row = readRow(bytes, at, line, marks);
    if (row === undefined || (row.next >= bytes.length && !complete && !endsInRowEnd(bytes, marks))) return;
    line += row.lines;
    at = row.next;
    const blank = row.cells.length === 1 && row.cells[0]!.text.length === 0 && !row.cells[0]!.quoted;
    if (!blank) yield row;
  }
}

function endsInRowEnd(bytes: Uint8Array, marks: CsvMarks): boolean {
  return bytes[bytes.length - 1] === (marks.rowEnd === 'cr' ? 0x0d : 0x0a);
}

function readRow(bytes: Uint8Array, start: number, line: number, marks: CsvMarks): CsvRow & { readonly lines: number } {
  const cells: CsvCell[] = [];
  let lines = 0;
  let at = start;
  for (;;) {
    const cell = readCell(bytes, at, marks);
    cells.push({ text: cell.text, quoted: cell.quoted, torn: cell.torn });
    lines += cell.lines;
    at = cell.end;
    if (at < bytes.length && bytes[at] === marks.delimiter) {
      at++;
      continue;
    }
    const next = Math.min(bytes.length, at + (bytes[at] === 0x0d && marks.rowEnd === 'lf' ? 2 : 1));
    return { cells, line, start, next, open: cell.open, lines: lines + 1 };
  }
}

function isRowEnd(bytes: Uint8Array, at: number, marks: CsvMarks): boolean {
  if (at >= bytes.length) return true;
  if (marks.rowEnd === 'cr') return bytes[at] === 0x0d;
  return bytes[at] === 0x0a || (bytes[at] === 0x0d && (at + 1 === bytes.length || bytes[at + 1] === 0x0a));
}

function readCell(bytes: Uint8Array, start: number, marks: CsvMarks) {
  let at = start;
  if (bytes[at] !== marks.quote || at >= bytes.length) {
    while (!isRowEnd(bytes, at, marks) && bytes[at] !== marks.delimiter) at++;
    return { text: bytes.subarray(start, at), quoted: false, torn: false, end: at, lines: 0, open: false };
  }
  const text: number[] = [];
  let lines = 0;
  let open = true;
  for (at++; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === marks.quote) {
      if (bytes[at + 1] !== marks.quote) {
        open = false;
        break;
      }
      at++;
    }
    if (byte === (marks.rowEnd === 'cr' ? 0x0d : 0x0a)) lines++;
    text.push(byte);
  }
  const closed = at + 1;
  while (!isRowEnd(bytes, at, marks) && bytes[at] !== marks.delimiter) at++;
  return { text: Uint8Array.from(text), quoted: true, torn: !open && at !== closed, end: at, lines, open };
}
