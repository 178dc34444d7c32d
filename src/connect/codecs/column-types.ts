import { BOUNDS, type CsvRow, QUOTED } from './csv-rows.js';
import { numberEnd } from './json-bytes.js';
import { type DecimalMark, isNumber } from './local-number.js';

/** What a column is by its sample. */
export interface ColumnType {
  /** `bigint` and `double` are both numbers; `text` also for columns without a value. */
  readonly type: 'text' | 'bigint' | 'double';
  /** How its numbers are written; of text columns: how those of the file are. */
  readonly decimal: DecimalMark;
}

/** What the cells of one column have been so far. */
interface SeenColumn {
  values: number;
  /** All were numbers with that mark. */
  dot: boolean;
  comma: boolean;
  /** Some had a fraction or an exponent, read with that mark. */
  dotFraction: boolean;
  commaFraction: boolean;
}

/**
 * Decides each column's type from a sample of its cells. `1,234` can be read two ways: the other cells of the column
 * decide, then the other columns, then what the file separates its cells with.
 */
export class ColumnTypes {
  rows = 0;
  readonly #columns: readonly SeenColumn[];
  readonly #quotedIsText: boolean;

  /** @param quotedIsText a cell in quotes is text, even where it looks like a number. */
  constructor(width: number, quotedIsText: boolean) {
    this.#quotedIsText = quotedIsText;
    this.#columns = Array.from({ length: width }, () => ({
      values: 0,
      dot: true,
      comma: true,
      dotFraction: false,
      commaFraction: false,
    }));
  }

  /** Takes a row of the sample; ragged ones only count. */
  take(row: CsvRow): void {
    this.rows++;
    const { bytes, bounds } = row;
    if (row.width !== this.#columns.length || row.open) return;
    for (let index = 0; index < this.#columns.length; index++) {
      const column = this.#columns[index]!;
      const start = bounds[index * BOUNDS]!;
      const end = bounds[index * BOUNDS + 1]!;
      if (start === end || (!column.dot && !column.comma && column.values > 0)) continue;
      column.values++;
      if ((bounds[index * BOUNDS + 2]! & QUOTED) === 0) look(column, bytes, start, end);
      else if (this.#quotedIsText) {
        column.dot = false;
        column.comma = false;
      } else {
        const { text } = row.cell(index)!;
        look(column, text, 0, text.length);
      }
    }
  }

  /**
   * The types of the columns.
   * @param forced how the file's numbers are written; undefined to tell it from the sample.
   * @param delimiter what the cells are separated with: where it is no comma, a comma is more likely the decimal mark.
   */
  decide(forced: DecimalMark | undefined, delimiter: number): ColumnType[] {
    const file = forced ?? this.#fileMark(delimiter);
    return this.#columns.map((column) => {
      const decimal = forced ?? markOf(column) ?? (column.dot ? (isAmbiguous(column) ? file : 'dot') : file);
      const isRead = decimal === 'dot' ? column.dot : column.comma;
      if (column.values === 0 || !isRead) return { type: 'text', decimal: file };
      const hasFraction = decimal === 'dot' ? column.dotFraction : column.commaFraction;
      return { type: hasFraction ? 'double' : 'bigint', decimal };
    });
  }

  #fileMark(delimiter: number): DecimalMark {
    let dots = 0;
    let commas = 0;
    for (const column of this.#columns) {
      const mark = markOf(column);
      if (mark === 'dot') dots++;
      else if (mark === 'comma') commas++;
    }
    if (dots !== commas) return dots > commas ? 'dot' : 'comma';
    return delimiter === 0x2c || dots > 0 ? 'dot' : 'comma';
  }
}

/** The mark that alone reads all cells, where there is one. */
function markOf(column: SeenColumn): DecimalMark | undefined {
  if (column.values === 0 || column.dot === column.comma) return undefined;
  return column.dot ? 'dot' : 'comma';
}

/** Both marks read all cells, and they read `1,234` differently. A column of `1.234` alone is not: JSON reads it. */
function isAmbiguous({ commaFraction, dotFraction }: SeenColumn): boolean {
  return commaFraction && !dotFraction;
}

/** Looks at one cell. What was found out of a mark that does not read all cells counts for nothing. */
function look(column: SeenColumn, text: Uint8Array, from: number, to: number): void {
  let start = from;
  let end = to;
  while (start < end && text[start] === 0x20) start++;
  while (end > start && text[end - 1] === 0x20) end--;
  const isJson = start < end && numberEnd(text, start, end) === end;
  column.dot &&= isJson || isNumber(text, start, end, 'dot');
  column.comma &&= isNumber(text, start, end, 'comma');
  for (let at = start; at < end; at++) {
    const byte = text[at]!;
    if (column.dot && (byte === 0x2e || (byte | 0x20) === 0x65)) column.dotFraction = true;
    if (column.comma && byte === 0x2c) column.commaFraction = true;
  }
}
