/** A cell as it was read: its own text, and whether it stood in quotes. */
export interface CsvCell {
  readonly text: Uint8Array;
  readonly quoted: boolean;
  /** Text follows its closing quote. */
  readonly torn: boolean;
}

/** How the cells and rows of a file are told apart. */
export interface CsvMarks {
  readonly delimiter: number;
  /** -1 where quotes mean nothing. */
  readonly quote: number;
  readonly rowEnd: 'lf' | 'cr';
}

/** A cell's flags among {@link CsvRow.bounds}. */
export const QUOTED = 1;
const TORN = 2;
/** Numbers of a cell in {@link CsvRow.bounds}. */
export const BOUNDS = 3;

/**
 * A row of a sample. Its cells are made when they are asked for: most are only looked at where they stand. One object is
 * used for row after row.
 */
export class CsvRow {
  readonly bytes: Uint8Array;
  /** Of each cell where its text begins and ends in `bytes`, and its flags; quotes in it are still doubled. */
  readonly bounds: number[] = [];
  /** How many cells it has. */
  width = 0;
  /** Line it begins in, from 1. */
  line = 1;
  start = 0;
  /** Where the next row begins. */
  next = 0;
  /** Lines it takes. */
  lines = 0;
  /** A quote was opened and never closed. */
  open = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes on with the row behind this one. */
  begin(): void {
    this.line += this.lines;
    this.start = this.next;
    this.lines = 1;
    this.width = 0;
    this.open = false;
  }

  push(start: number, end: number, flags: number): void {
    const at = this.width++ * BOUNDS;
    this.bounds[at] = start;
    this.bounds[at + 1] = end;
    this.bounds[at + 2] = flags;
  }

  get cells(): readonly CsvCell[] {
    return Array.from({ length: this.width }, (_, index) => this.cell(index)!);
  }

  /** Undefined beyond the last. */
  cell(index: number): CsvCell | undefined {
    if (index >= this.width) return undefined;
    const [start, end, flags] = this.bounds.slice(index * BOUNDS, index * BOUNDS + BOUNDS) as [number, number, number];
    const raw = this.bytes.subarray(start, end);
    const quoted = (flags & QUOTED) !== 0;
    return { text: quoted ? undoubled(raw, this.bytes[start - 1]!) : raw, quoted, torn: (flags & TORN) !== 0 };
  }
}

/** A text in which each quote that follows one is left out. */
function undoubled(raw: Uint8Array, quote: number): Uint8Array {
  if (!raw.includes(quote)) return raw;
  const text: number[] = [];
  for (let at = 0; at < raw.length; at++) {
    text.push(raw[at]!);
    if (raw[at] === quote) at++;
  }
  return Uint8Array.from(text);
}

/**
 * Rows of a piece of a file, one at a time, each until the next is asked for: for headers, detection and inference. Empty
 * lines are left out of files with several columns. A row without its end is given only when `complete`.
 */
export function* csvRows(bytes: Uint8Array, marks: CsvMarks, complete: boolean): Generator<CsvRow, void, undefined> {
  const rowEnd = marks.rowEnd === 'cr' ? 0x0d : 0x0a;
  const row = new CsvRow(bytes);
  while (row.next < bytes.length) {
    row.begin();
    readRow(row, marks.delimiter, marks.quote, rowEnd);
    if (row.next >= bytes.length && !complete && bytes[bytes.length - 1] !== rowEnd) return;
    const [start, end, flags] = row.bounds;
    const isBlank = row.width === 1 && start === end && flags === 0;
    if (!isBlank) yield row;
  }
}

function readRow(row: CsvRow, delimiter: number, quote: number, rowEnd: number): void {
  const { bytes } = row;
  let at = row.start;
  for (;;) {
    if (bytes[at] === quote) at = readQuoted(row, at, delimiter, quote, rowEnd);
    else {
      const from = at;
      at = cellEnd(bytes, at, delimiter, rowEnd);
      row.push(from, at, 0);
    }
    if (bytes[at] !== delimiter) break;
    at++;
  }
  row.next = Math.min(bytes.length, at + (bytes[at] === 0x0d && rowEnd === 0x0a ? 2 : 1));
}

/** The end of the unquoted cell that holds `start`: a delimiter, a row end or the end of the bytes. */
function cellEnd(bytes: Uint8Array, start: number, delimiter: number, rowEnd: number): number {
  let at = start;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === delimiter || byte === rowEnd) break;
    if (byte === 0x0d && rowEnd === 0x0a && (at + 1 === bytes.length || bytes[at + 1] === 0x0a)) break;
  }
  return at;
}

/** Takes the quoted cell at `start`; returns where it ends, with what follows its closing quote. */
function readQuoted(row: CsvRow, start: number, delimiter: number, quote: number, rowEnd: number): number {
  const { bytes } = row;
  let at = start + 1;
  row.open = true;
  for (; at < bytes.length; at++) {
    if (bytes[at] === quote) {
      if (bytes[at + 1] !== quote) {
        row.open = false;
        break;
      }
      at++;
    }
    if (bytes[at] === rowEnd) row.lines++;
  }
  const behind = row.open ? at : cellEnd(bytes, at + 1, delimiter, rowEnd);
  const isTorn = !row.open && behind !== at + 1;
  row.push(start + 1, at, QUOTED | (isTorn ? TORN : 0));
  return behind;
}
