import { CellGrid, type Size } from '../terminal/cells.js';
import { padText, textWidth, truncateText } from '../text/width.js';
import type { Look } from './look.js';

/** A column of a {@link TableData}. */
export interface ChartColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Sorted by: an arrow follows the title. */
  readonly sorted?: 'up' | 'down';
  /** Drawn in the colours of a trend. */
  readonly trend?: boolean;
}

/** What {@link paintTable} draws: ready texts. */
export interface TableData {
  readonly columns: readonly ChartColumn[];
  readonly rows: readonly (readonly string[])[];
  /** First row shown. */
  readonly scroll?: number;
}

const GAP = 2;
/** Widest the space between columns becomes on a wide screen. */
const MAX_GAP = 6;

/**
 * A table with a header; columns that find no room are left out from the right, rows from the end. The last line
 * tells how many rows there are where not all are shown.
 */
export function paintTable(data: TableData, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  if (size.rows === 0 || data.columns.length === 0) return grid;
  const titles = data.columns.map((column) => title(column, look));
  const widths = fitColumns(data, titles, size.columns);
  const used = widths.reduce((sum, width) => sum + width, 0);
  const spare = widths.length > 1 ? Math.floor((size.columns - used) / (widths.length - 1)) : GAP;
  const gap = Math.max(GAP, Math.min(MAX_GAP, spare));
  const line = (y: number, cells: readonly string[], styleOf: (at: number) => number): void => {
    let x = 0;
    widths.forEach((width, at) => {
      const text = truncateText(cells[at] ?? '', width, look.unicode ? '…' : '~');
      grid.put(x, y, padText(text, width, data.columns[at]!.align), styleOf(at));
      x += width + gap;
    });
  };
  line(0, titles, () => look.styles.heading);
  const { first, count } = visibleRows(data, size.rows - 1);
  data.rows.slice(first, first + count).forEach((row, index) => {
    line(index + 1, row, (at) => {
      if (data.columns[at]!.trend) return look.styles.accent;
      return at === 0 ? look.styles.strong : look.styles.plain;
    });
  });
  if (count < data.rows.length && size.rows > 2) {
    const text = look.say('{1}-{2} of {3}', first + 1, first + count, data.rows.length);
    grid.put(0, size.rows - 1, text, look.styles.dim);
  }
  return grid;
}

/** Rows that can be seen: from where, and how many. One line is kept for the count where not all fit. */
function visibleRows(data: TableData, room: number): { first: number; count: number } {
  const all = data.rows.length;
  if (all <= room) return { first: 0, count: all };
  const count = Math.max(0, room > 1 ? room - 1 : room);
  const first = Math.max(0, Math.min(data.scroll ?? 0, all - count));
  return { first, count };
}

function title(column: ChartColumn, look: Look): string {
  if (!column.sorted) return column.title;
  const arrow = look.unicode ? { up: '▲', down: '▼' } : { up: ' ^', down: ' v' };
  return column.title + arrow[column.sorted];
}

/** Widths of the columns that fit, from the left; the first one shrinks before another is left out. */
function fitColumns(data: TableData, titles: readonly string[], room: number): number[] {
  const natural = titles.map((text, at) =>
    Math.max(textWidth(text), ...data.rows.map((row) => textWidth(row[at] ?? ''))),
  );
  const widths: number[] = [];
  let used = 0;
  for (const [at, width] of natural.entries()) {
    const need = width + (at > 0 ? GAP : 0);
    if (used + need > room) {
      if (at === 0) widths.push(Math.max(1, room));
      break;
    }
    widths.push(width);
    used += need;
  }
  return widths;
}
