import { StreamctlError } from '../../../base/errors.js';
import { type CellRange, MAX_COLUMNS, MAX_ROWS, WHOLE_SHEET } from './cell-range.js';
import { GrowingBytes } from './cell-text.js';

/** Between the cells of the CSV that comes out. */
export const SHEET_DELIMITER = 0x2c;
/** Behind its rows: a carriage return, so that line feeds inside cells are no lines and a line is a row of the sheet. */
export const SHEET_ROW_END = 0x0d;

/** The rows of a sheet on their way out as CSV: which cells belong to the table, and what stands between them. */
export class SheetRows {
  /** What came out since the caller took it. */
  readonly out = new GrowingBytes(256 * 1024);
  /** Only these cells. */
  readonly range: CellRange;
  /** Cells to the left of the table, which are left out. */
  outside = 0;
  /** First column of the table; 0 until it is known. */
  first = 0;
  /** Row last begun, and column last seen in it. */
  row = 0;
  column = 0;
  /** Cells of the row written so far, delimiters counted as cells begun. */
  written = 0;
  #width = 0;

  constructor(range: CellRange | undefined) {
    this.range = range ?? WHOLE_SHEET;
    if (!range) return;
    this.first = range.firstColumn;
    if (range.lastColumn < MAX_COLUMNS) this.#width = range.lastColumn - this.first + 1;
  }

  /** Begins row `row` of the sheet; false when it lies behind the range. @throws `bad-data` for rows out of order. */
  beginRow(row: number): boolean {
    if (row <= this.row || row > MAX_ROWS) {
      throw new StreamctlError('bad-data', `row ${row} of the sheet follows row ${this.row}`);
    }
    this.#blankLines(row - this.row - 1);
    this.row = row;
    this.column = 0;
    this.written = 0;
    return row <= this.range.lastRow;
  }

  endRow(): void {
    if (this.written === 0) {
      this.#blankLines(1);
      return;
    }
    if (this.#width === 0) this.#width = this.written;
    for (; this.written < this.#width; this.written++) this.out.push(SHEET_DELIMITER);
    this.out.push(SHEET_ROW_END);
  }

  /**
   * Writes what stands before a cell that is not empty; false when the cell is left out.
   * @throws `bad-data` for a column that came before.
   */
  beginCell(column: number): boolean {
    const { firstRow, lastRow, firstColumn, lastColumn } = this.range;
    if (this.row < firstRow || this.row > lastRow || column < firstColumn || column > lastColumn) return false;
    if (this.first === 0) this.first = column;
    const place = column - this.first;
    if (place < 0) {
      this.outside++;
      return false;
    }
    if (place < this.written) {
      throw new StreamctlError('bad-data', `row ${this.row} of the sheet has its cells out of order`, {
        hint: 'save the workbook again with a spreadsheet program',
      });
    }
    const { out } = this;
    for (let written = this.written; written <= place; written++) if (written > 0) out.push(SHEET_DELIMITER);
    return true;
  }

  /** A table of one column has no empty lines: there they would be empty cells. */
  #blankLines(count: number): void {
    if (this.#width === 1) return;
    this.out.reserve(count);
    this.out.bytes.fill(SHEET_ROW_END, this.out.used, this.out.used + count);
    this.out.used += count;
  }
}
