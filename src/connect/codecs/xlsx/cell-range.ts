import { StreamctlError } from '../../../base/errors.js';

/** Rows of a sheet. */
export const MAX_ROWS = 1_048_576;
/** Columns of a sheet. */
export const MAX_COLUMNS = 16_384;

/** A rectangle of a sheet; rows and columns from 1, both ends included. */
export interface CellRange {
  readonly firstColumn: number;
  readonly lastColumn: number;
  readonly firstRow: number;
  readonly lastRow: number;
}

/** The whole sheet. */
export const WHOLE_SHEET: CellRange = { firstColumn: 1, lastColumn: MAX_COLUMNS, firstRow: 1, lastRow: MAX_ROWS };

/**
 * Reads `--range`: `A1:F20`, whole columns `A:F`, whole rows `3:20`, or everything from a cell on, `B3`.
 * @throws `usage`
 */
export function parseCellRange(text: string): CellRange {
  const match = /^\$?([A-Z]{1,3})?\$?(\d{1,7})?(:\$?([A-Z]{1,3})?\$?(\d{1,7})?)?$/i.exec(text.trim());
  if (!match || (match[1] === undefined && match[2] === undefined)) throw unreadable(text);
  const [, first, top, hasEnd, last, bottom] = match;
  if (hasEnd !== undefined && last === undefined && bottom === undefined) throw unreadable(text);
  const range = {
    firstColumn: columnNumber(first) ?? 1,
    lastColumn: columnNumber(last) ?? MAX_COLUMNS,
    firstRow: top === undefined ? 1 : Number(top),
    lastRow: bottom === undefined ? MAX_ROWS : Number(bottom),
  };
  const isInside = range.firstRow >= 1 && range.lastRow <= MAX_ROWS && range.lastColumn <= MAX_COLUMNS;
  if (!isInside || range.firstColumn > range.lastColumn || range.firstRow > range.lastRow) throw unreadable(text);
  return range;
}

/** `A` is 1, `AA` 27. */
function columnNumber(letters: string | undefined): number | undefined {
  if (letters === undefined) return undefined;
  return [...letters.toUpperCase()].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0);
}

function unreadable(text: string): StreamctlError {
  return new StreamctlError('usage', `--range: "${text}" is not a range of cells`, {
    hint: 'write A1:F20, A:F, 3:20 or B3; the first corner is the upper left one',
  });
}
